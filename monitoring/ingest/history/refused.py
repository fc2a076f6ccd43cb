"""The file of refused rows: beside the one they came from, or where it was asked for; there only if something is in it."""

import os
from collections.abc import Sequence
from pathlib import Path

from monitoring.ingest.history.items import Refused, as_line

SUFFIX = ".jsonl"
DIGITS = 8  # of what tells the file: another content has another file of refused rows


def path_beside(path: Path, digest: str) -> Path:
    """The name of the file: `history.refused-1a2b3c4d.jsonl`."""
    return path.with_name(f"{path.name.partition('.')[0]}.refused-{digest[:DIGITS]}{SUFFIX}")


class RefusedFile:
    """Lines are added, never taken away: what somebody has mended in it meanwhile stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = False

    def keep(self, rows: Sequence[Refused]) -> None:
        """On disk when this returns; `OSError` where it cannot be written."""
        with self.path.open("ab") as file:
            file.writelines(as_line(one) + b"\n" for one in rows)
            file.flush()
            os.fsync(file.fileno())
        self.written = True
