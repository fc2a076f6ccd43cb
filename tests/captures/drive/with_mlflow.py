"""MLflow's autolog of openai, exporting by OTLP."""

import mlflow
from openai import OpenAI

from tests.captures.drive.calls import openai_calls

if __name__ == "__main__":
    mlflow.openai.autolog()
    openai_calls(OpenAI(max_retries=0))
    mlflow.flush_trace_async_logging()
