"""LiteLLM with its own callback of OpenTelemetry."""

from typing import Any

import litellm

from tests.captures.cases import Case
from tests.captures.catalogue import CASES, LITELLM
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop


def run(case: Case) -> None:
    """One call; a stream is read to its end."""
    told = dict(case.request)
    found: Any = litellm.completion(num_retries=0, max_retries=0, **told)
    if told.get("stream"):
        list(found)


if __name__ == "__main__":
    providers = start()
    litellm.callbacks = ["otel"]
    each(LITELLM, run)
    litellm.embedding(model=CASES["embed"].request["model"], input=[CASES["embed"].request["input"]])
    stop(*providers)
