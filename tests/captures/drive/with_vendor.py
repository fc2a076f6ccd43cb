"""The SDKs of Cohere, Groq and Mistral under OpenLLMetry: `python -m … VENDOR`."""

import importlib
import os
import sys
from typing import Any

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import CHAT, names
from tests.captures.cohere import COHERE
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

INSTRUMENTORS = {
    "cohere": "opentelemetry.instrumentation.cohere:CohereInstrumentor",
    "groq": "opentelemetry.instrumentation.groq:GroqInstrumentor",
    "mistral": "opentelemetry.instrumentation.mistralai:MistralAiInstrumentor",
}
NOT_OF_MISTRAL = ("user", "stream_options", "frequency_penalty", "max_completion_tokens", "reasoning_effort")


def groq(case: Case) -> None:
    """One call; a stream is read to its end."""
    client = importlib.import_module("groq").Groq(api_key="no-key", base_url=os.environ["VENDOR_URL"], max_retries=0)
    told = {name: value for name, value in case.request.items() if name != "stream_options"}
    found: Any = client.chat.completions.create(**told)
    if told.get("stream"):
        list(found)


def mistral(case: Case) -> None:
    """One call; a stream is read to its end."""
    library = importlib.import_module("mistralai")
    client = library.Mistral(api_key="no-key", server_url=os.environ["VENDOR_URL"])
    told = {name: value for name, value in case.request.items() if name not in NOT_OF_MISTRAL}
    told["messages"] = [library.SystemMessage(content=SYSTEM), library.UserMessage(content=marked(case.name))]
    if "seed" in told:
        told["random_seed"] = told.pop("seed")
    if told.pop("stream", False):
        list(client.chat.stream(**told))
    else:
        client.chat.complete(**told)


def cohere(case: Case) -> None:
    """One call; a stream is read to its end."""
    client = importlib.import_module("cohere").ClientV2(api_key="no-key", base_url=os.environ["VENDOR_URL"])
    told = dict(case.request)
    if told.pop("stream", False):
        list(client.chat_stream(**told, request_options={"max_retries": 0}))
    else:
        client.chat(**told, request_options={"max_retries": 0})


MADE = {"groq": (groq, CHAT), "mistral": (mistral, CHAT), "cohere": (cohere, names(COHERE))}

if __name__ == "__main__":
    providers = start()
    module, _, name = INSTRUMENTORS[sys.argv[1]].partition(":")
    getattr(importlib.import_module(module), name)().instrument()
    make, cases = MADE[sys.argv[1]]
    each(cases, make)
    stop(*providers)
