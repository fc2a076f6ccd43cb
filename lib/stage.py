"""What every stage returns: `stage(*, now) -> Summary`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows looked at, rows changed, and rows left alone on purpose."""

    seen: int = 0
    written: int = 0
    skipped: int = 0

    def __add__(self, other: "Summary") -> "Summary":
        return Summary(self.seen + other.seen, self.written + other.written, self.skipped + other.skipped)
