"""What every stage returns: `stage(*, now) -> Summary`."""

from collections.abc import Mapping
from dataclasses import dataclass

Fact = Mapping[str, str | float]


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows looked at, rows changed, and rows left alone on purpose; `facts` are what every page should say."""

    seen: int = 0
    written: int = 0
    skipped: int = 0
    facts: tuple[Fact, ...] = ()

    def __add__(self, other: "Summary") -> "Summary":
        return Summary(
            self.seen + other.seen,
            self.written + other.written,
            self.skipped + other.skipped,
            self.facts + other.facts,
        )
