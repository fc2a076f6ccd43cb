"""OpenLIT's SDK, which instruments openai by itself."""

import os

import openlit
from openai import OpenAI

from tests.captures.catalogue import CASES, OPENLIT
from tests.captures.drive.calls import openai_calls

if __name__ == "__main__":
    openlit.init(
        otlp_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"],
        application_name="captures",
        disable_metrics=True,
    )
    openai_calls(OpenAI(max_retries=0), map(CASES.__getitem__, (*OPENLIT, "embed")))
