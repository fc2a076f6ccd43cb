"""Gemini's own SDK under the instrumentation that the argument names: `python -m … FAMILY`."""

import importlib
import os
import sys
from typing import Any

from google import genai
from google.genai.types import GenerateContentConfig, HttpOptions, HttpRetryOptions

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import names
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop
from tests.captures.gemini import GEMINI, GEMINI_EMBED

INSTRUMENTORS = {
    "genai": "opentelemetry.instrumentation.google_genai:GoogleGenAiSdkInstrumentor",
    "openinference": "openinference.instrumentation.google_genai:GoogleGenAIInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.google_generativeai:GoogleGenerativeAiInstrumentor",
}


def main(family: str) -> None:
    """Instrument, make the calls, send the rest."""
    providers = start()
    if family == "mlflow":
        importlib.import_module("mlflow").gemini.autolog()
    else:
        module, _, name = INSTRUMENTORS[family].partition(":")
        getattr(importlib.import_module(module), name)().instrument()
    options = HttpOptions(base_url=os.environ["GEMINI_BASE_URL"], retry_options=HttpRetryOptions(attempts=1))
    client = genai.Client(api_key="no-key", http_options=options)
    each(names(GEMINI), lambda case: run(client, case))
    client.models.embed_content(model=GEMINI_EMBED.request["model"], contents=marked(GEMINI_EMBED.name))
    if family == "mlflow":
        importlib.import_module("mlflow").flush_trace_async_logging()
    stop(*providers)


def run(client: Any, case: Case) -> None:
    """One call; a stream is read to its end."""
    config = {name: value for name, value in case.request["config"].items() if name != "stream"}
    told = {
        "model": case.request["model"],
        "contents": marked(case.name),
        "config": GenerateContentConfig(system_instruction=SYSTEM, **config),
    }
    if "stream" in case.request["config"]:
        for _ in client.models.generate_content_stream(**told):
            pass
    else:
        client.models.generate_content(**told)


if __name__ == "__main__":
    main(*sys.argv[1:])
