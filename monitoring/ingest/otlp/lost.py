"""What somebody with a live key sent to an address that there is not: told to whoever waits for a first event.

Of others nothing is remembered: who tries addresses without a key is no programmer at work.
"""

from datetime import datetime

from models_registry.keys import find_key
from monitoring.ingest.codes import Refusal
from monitoring.ingest.otlp.credentials import tokens_of
from monitoring.ingest.refusals import note_refusal
from monitoring.ingest.request import Environ


def note_lost(environ: Environ, detail: str, *, real_now: datetime) -> None:
    """Remember a POST that found nobody; `detail` is what its sender is told."""
    if environ["REQUEST_METHOD"] != "POST":
        return
    key = next((found for token in tokens_of(environ) if (found := find_key(token, now=real_now))), None)
    if key is None:
        return
    note_refusal(
        Refusal("not_found", detail, project_id=key.project_id),
        path=environ["PATH_INFO"],
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        agent=environ.get("HTTP_USER_AGENT", ""),
        real_now=real_now,
    )
