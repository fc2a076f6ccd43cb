"""Logfire, sending to an endpoint of OpenTelemetry instead of its own."""

import logfire
from anthropic import Anthropic
from openai import OpenAI

from tests.captures.drive.calls import anthropic_calls, openai_calls

if __name__ == "__main__":
    logfire.configure(send_to_logfire=False, service_name="captures", console=False)
    logfire.instrument_openai()
    logfire.instrument_anthropic()
    openai_calls(OpenAI(max_retries=0))
    anthropic_calls(Anthropic(max_retries=0))
    logfire.shutdown()
