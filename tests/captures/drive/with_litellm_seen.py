"""LiteLLM under the instrumentation that the argument names: `python -m … FAMILY`."""

import importlib
import sys
from typing import Any

import litellm

from tests.captures.cases import Case
from tests.captures.catalogue import LITELLM_SEEN
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

INSTRUMENTORS = {
    "openinference": "openinference.instrumentation.litellm:LiteLLMInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.litellm:LiteLLMInstrumentor",
}


def run(case: Case) -> None:
    """One call; a stream is read to its end."""
    told = dict(case.request)
    if case.api == "messages":
        system = told.pop("system")
        told["messages"] = [{"role": "system", "content": system}, *told["messages"]]
        told["model"] = f"anthropic/{told['model']}"
        told["stop"] = told.pop("stop_sequences", None)
    found: Any = litellm.completion(num_retries=0, max_retries=0, **told)
    if told.get("stream"):
        list(found)


if __name__ == "__main__":
    providers = start()
    module, _, name = INSTRUMENTORS[sys.argv[1]].partition(":")
    getattr(importlib.import_module(module), name)().instrument()
    each(LITELLM_SEEN, run)
    stop(*providers)
