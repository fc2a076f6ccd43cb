"""Logfire, sending to an endpoint of OpenTelemetry instead of its own."""

import os

import anthropic
import logfire
import openai

from tests.captures.drive import ways
from tests.captures.drive.calls import anthropic_calls, openai_calls

if __name__ == "__main__":
    logfire.configure(send_to_logfire=False, service_name="captures", console=False)
    logfire.instrument_openai()
    logfire.instrument_anthropic()
    if os.environ.get("CAPTURES_MORE"):
        ways.make(lambda kind: getattr(openai, f"{kind}OpenAI"))
        ways.make(lambda kind: getattr(anthropic, f"{kind}Anthropic"))
    else:
        openai_calls(openai.OpenAI(max_retries=0))
        anthropic_calls(anthropic.Anthropic(max_retries=0))
    logfire.shutdown()
