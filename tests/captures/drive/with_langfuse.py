"""Langfuse's drop-in for openai."""

import os

from langfuse import get_client, openai

from tests.captures.drive import ways
from tests.captures.drive.calls import openai_calls

if __name__ == "__main__":
    if os.environ.get("CAPTURES_MORE"):
        ways.make(lambda kind: getattr(openai, f"{kind}OpenAI"))
    else:
        openai_calls(openai.OpenAI(max_retries=0))
    get_client().shutdown()
