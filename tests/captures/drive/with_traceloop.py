"""The SDK of Traceloop with a workflow and an association, as its quick start shows."""

import os

import openai
from opentelemetry import trace
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import workflow

from tests.captures.drive import ways
from tests.captures.drive.calls import openai_calls


@workflow(name="answering")
def answer() -> None:
    """All calls, below one workflow."""
    if os.environ.get("CAPTURES_MORE"):
        ways.make(lambda kind: getattr(openai, f"{kind}OpenAI"))
    else:
        openai_calls(openai.OpenAI(max_retries=0))


if __name__ == "__main__":
    Traceloop.init(
        app_name="captures", api_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"], api_key="key", disable_batch=False
    )
    Traceloop.set_association_properties({"user_id": "u-9", "session_id": "s-9"})
    answer()
    trace.get_tracer_provider().force_flush()
