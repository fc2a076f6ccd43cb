"""Bedrock through botocore under the instrumentation that the argument names: `python -m … FAMILY`."""

import importlib
import json
import sys
from typing import Any

import boto3
from botocore.config import Config

from tests.captures.bedrock import BEDROCK
from tests.captures.cases import Case
from tests.captures.catalogue import names
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

INSTRUMENTORS = {
    "botocore": "opentelemetry.instrumentation.botocore:BotocoreInstrumentor",
    "openinference": "openinference.instrumentation.bedrock:BedrockInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.bedrock:BedrockInstrumentor",
}


def main(family: str) -> None:
    """Instrument, make the calls, send the rest."""
    providers = start()
    if family == "mlflow":
        importlib.import_module("mlflow").bedrock.autolog()
    else:
        module, _, name = INSTRUMENTORS[family].partition(":")
        getattr(importlib.import_module(module), name)().instrument()
    client = boto3.client("bedrock-runtime", config=Config(retries={"total_max_attempts": 1}))
    each(names(BEDROCK), lambda case: run(client, case))
    if family == "mlflow":
        importlib.import_module("mlflow").flush_trace_async_logging()
    stop(*providers)


def run(client: Any, case: Case) -> None:
    """One call; a stream is read to its end."""
    request = dict(case.request)
    if "body" in request:
        request["body"] = json.dumps(request["body"])
    if case.api == "converse":
        client.converse(**request)
    elif case.api == "converse-stream":
        list(client.converse_stream(**request)["stream"])
    elif case.api == "invoke":
        client.invoke_model(**request)["body"].read()
    else:
        list(client.invoke_model_with_response_stream(**request)["body"])


if __name__ == "__main__":
    main(*sys.argv[1:])
