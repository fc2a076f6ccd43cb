"""Langfuse's drop-in for openai."""

from langfuse import get_client
from langfuse.openai import OpenAI

from tests.captures.drive.calls import openai_calls

if __name__ == "__main__":
    openai_calls(OpenAI(max_retries=0))
    get_client().shutdown()
