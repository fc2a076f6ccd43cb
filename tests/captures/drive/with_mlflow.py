"""MLflow's autolog of openai, exporting by OTLP."""

import os

import mlflow
import openai

from tests.captures.drive import ways
from tests.captures.drive.calls import openai_calls

if __name__ == "__main__":
    mlflow.openai.autolog()
    if os.environ.get("CAPTURES_MORE"):
        ways.make(lambda kind: getattr(openai, f"{kind}OpenAI"))
    else:
        openai_calls(openai.OpenAI(max_retries=0))
    mlflow.flush_trace_async_logging()
