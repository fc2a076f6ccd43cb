"""What commands say: to people in columns, to programs as JSON. Stored text cannot move anybody's cursor or colour their screen."""

import json
import re
import shutil
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, OutputWrapper

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
GAP: Final = "  "


class Spoken(BaseCommand):
    """A command that says the same to people and, with `--json`, to programs."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """The command's own arguments and `--json`."""
        parser: Any = super().create_parser(prog_name, subcommand, **kwargs)
        parser.parse_args = parser.parse_intermixed_args  # options may stand between names: check --project p slug
        parser.add_argument("--json", action="store_true", help="JSON for programs instead of text for people.")
        return parser

    def say_table(self, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Columns; cut at the edge of a terminal, whole in a file."""
        for line in table(head, rows, width=width_of(self.stdout)):
            self.stdout.write(line)

    def say_json(self, value: object) -> None:
        """One document."""
        self.stdout.write(as_json(value, indent=2))


def width_of(out: OutputWrapper) -> int | None:
    """How many characters fit; None where nobody looks at it directly."""
    return shutil.get_terminal_size().columns if out.isatty() else None


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, width: int | None = None) -> list[str]:
    """Aligned lines under a head in capitals; no longer than `width` characters, if there is one."""
    cells = [[name.upper() for name in head], *([plain(str(value)) for value in row] for row in rows)]
    sizes = [max(len(row[place]) for row in cells) for place in range(len(head))]
    lines = [GAP.join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True)).rstrip() for row in cells]
    return [cut(line, width) for line in lines]


def cut(text: str, width: int | None) -> str:
    """At most so many characters."""
    return text if width is None or len(text) <= width else text[: max(1, width - 1)] + "…"


def plain(text: str) -> str:
    """On one line, without anything that a terminal obeys."""
    return _CONTROL.sub("·", text)


def as_json(value: object, *, indent: int | None = None) -> str:
    """A document; times as RFC 3339, spans of time in seconds."""
    return json.dumps(value, default=_told, indent=indent, ensure_ascii=False)


def _told(value: Any) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def ago(seconds: float) -> str:
    """A span of time in the unit that people would say it in."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if abs(seconds) >= 1 or not seconds else f"{seconds:.2f} s"


def weight(octets: float) -> str:
    """Bytes in the unit that people would say them in."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if octets >= size:
            return f"{octets / size:.1f} {unit}"
    return f"{octets:.0f} B"
