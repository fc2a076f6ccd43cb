"""Events as columns to be folded: those that name a model, with the environment and segments that they hold in their payload."""

from itertools import compress

import msgspec

from monitoring.drain.fold import business, processes
from monitoring.drain.fold.sums import Columns

KINDS = frozenset({business.KIND, processes.KIND})


class Payload(msgspec.Struct, gc=False):
    """What of a stored payload is needed here."""

    environment: str = "production"


_read = msgspec.json.Decoder(Payload).decode


def folded(columns: Columns) -> Columns:
    """The columns of those that are of a kind that is summed, and about a model; empty where none is."""
    told = zip(columns["version_id"], columns["kind"], strict=True)
    mine = [version_id is not None and kind in KINDS for version_id, kind in told]
    if not any(mine):
        return {}
    kept = {name: list(compress(column, mine)) for name, column in columns.items()}
    return {**kept, "environment": [_read(payload).environment for payload in kept["payload"]]}
