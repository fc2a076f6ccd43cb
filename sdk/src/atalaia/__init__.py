"""Atalaia's client library: five lines to the first event, and nothing your program ever waits for.

import atalaia

atalaia.init()                                    # ATALAIA_URL and ATALAIA_KEY; without a key nothing happens
made = atalaia.prediction("churn", "leaves", score=0.81, features={"months": 3})
atalaia.outcome(made, "leaves")                   # however much later, from whatever process
"""

from __future__ import annotations

from typing import Any

from atalaia import client as _client
from atalaia.context import Context, context, last_id, outgoing, set_user, traceparent
from atalaia.estimators import wrap
from atalaia.ids import new_id
from atalaia.llm import LLMCall, llm_call
from atalaia.observe import observe
from atalaia.options import BeforeSend, Sampler
from atalaia.record import event, feedback, log, outcome, prediction

__version__ = _client.VERSION
__all__ = [
    "Context",
    "LLMCall",
    "__version__",
    "context",
    "event",
    "feedback",
    "flush",
    "init",
    "last_id",
    "llm_call",
    "log",
    "new_id",
    "observe",
    "outcome",
    "outgoing",
    "prediction",
    "set_user",
    "shutdown",
    "stats",
    "traceparent",
    "wrap",
]


def init(
    url: str | None = None,
    key: str | None = None,
    *,
    model: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    sample_rate: Sampler | None = None,
    before_send: BeforeSend | None = None,
    capture_content: bool | None = None,
    spool: str | None = None,
    **tuning: Any,
) -> None:
    """Begin to send. Arguments come before the environment (`ATALAIA_URL`, `ATALAIA_KEY`, …); no key, no action.

    `model`, `version` and `environment` go with every prediction and call that names none. `sample_rate` is a share
    of predictions and calls, or a function of kind and item. `before_send(kind, item)` sees every item in the
    background and gives it back, changed or not; None holds it back. `spool` is a folder in which items wait
    through crashes. `tuning`: the other fields of `atalaia.options.Options`. Never raises on what it is given.
    """
    given: dict[str, Any] = {"url": url, "key": key, "model": model, "version": version, "environment": environment}
    given.update(sample_rate=sample_rate, before_send=before_send, capture_content=capture_content, spool=spool)
    _client.start({**given, **tuning})


def flush(timeout: float = 2.0) -> bool:
    """Wait until all that was recorded has been answered; False if that took longer than `timeout` seconds."""
    return _client.client().flush(timeout)


def shutdown(timeout: float | None = None) -> None:
    """Send what can be sent in time and stop recording; the end of the program does it by itself."""
    _client.client().close(timeout)


def stats() -> dict[str, Any]:
    """What became of the items of this process: `sent`, `queued`, and `dropped` by reason."""
    return _client.client().stats()
