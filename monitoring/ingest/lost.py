"""What somebody with a live key sent to an address that there is not: told to whoever waits for a first event.

Of others nothing is remembered: who tries addresses without a key is no programmer at work.
"""

from datetime import datetime

from models_registry.authenticate import bearer_token
from models_registry.keys import find_key
from monitoring.ingest.codes import Refusal
from monitoring.ingest.refusals import note_refusal
from monitoring.ingest.request import Environ


def note_lost(environ: Environ, detail: str, *, real_now: datetime) -> None:
    """Remember a POST that found nobody; `detail` is what its sender is told."""
    header: str = environ.get("HTTP_AUTHORIZATION", "")
    token = bearer_token(header)
    key = None if token is None else find_key(token, now=real_now)
    if key is None or environ["REQUEST_METHOD"] != "POST":
        return
    note_refusal(
        Refusal("not_found", detail, project_id=key.project_id),
        path=environ["PATH_INFO"],
        authorization=header,
        agent=environ.get("HTTP_USER_AGENT", ""),
        real_now=real_now,
    )
