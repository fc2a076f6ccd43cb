"""The spans of a trace as rows of a waterfall: what called what, when, and for how long.

A trace of thirty thousand spans is read whole and shown in part: what failed, what asked a model and what took longest, with
all that called it; the rest is folded under whoever called it, and counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from monitoring.stats.span_tree import parents_of

MAX_ROWS: Final = 150
DEEPEST: Final = 10  # a step to the right each; deeper rows stand below each other
WIDTH: Final = 1_000.0
NARROWEST: Final = 3.0
WORKING: Final = frozenset({"llm", "embedding", "agent", "retriever", "tool"})


class Part(NamedTuple):
    """One span; `error` whether it failed, times in microseconds."""

    id: str
    parent: str
    name: str
    role: str
    error: bool
    start_us: int
    duration_us: int
    key: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the waterfall: `left` and `width` in thousandths of the whole, `folded` spans that are not shown below it."""

    part: Part
    depth: int
    left: float
    width: float
    folded: int = 0

    @property
    def duration_ms(self) -> float:
        """As it was sent, negative where the span ended before it began."""
        return self.part.duration_us / 1_000

    @property
    def indent(self) -> int:
        """How many steps to the right it stands."""
        return min(self.depth, DEEPEST)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Rows in the order they were called, of how many spans, over how long."""

    rows: list[Row] = field(default_factory=list)
    spans: int = 0
    failed: int = 0
    total_ms: float = 0.0


def waterfall(parts: Iterable[Part], *, limit: int = MAX_ROWS) -> Waterfall:
    """The rows of a trace, at most `limit`; a parent that is missing, or a circle of parents, makes no span disappear."""
    by_id = {part.id: part for part in parts}
    if not by_id:
        return Waterfall()
    parents = parents_of({one: part.parent for one, part in by_id.items()})
    shown = _chosen(by_id, parents, limit)
    start = min(part.start_us for part in by_id.values())
    end = max(part.start_us + max(part.duration_us, 0) for part in by_id.values())
    folded = _folded(by_id, parents, shown)
    scale = WIDTH / max(end - start, 1)
    rows = [
        Row(part, depth, *_place(part, start, scale), folded.get(part.id, 0))
        for part, depth in _walk([by_id[one] for one in shown], parents)
    ]
    return Waterfall(rows, len(by_id), sum(part.error for part in by_id.values()), (end - start) / 1_000)


def _place(part: Part, start: int, scale: float) -> tuple[float, float]:
    width = max(max(part.duration_us, 0) * scale, NARROWEST)
    return round(min((part.start_us - start) * scale, WIDTH - min(width, WIDTH)), 1), round(min(width, WIDTH), 1)


def _chosen(by_id: Mapping[str, Part], parents: Mapping[str, str], limit: int) -> set[str]:
    """The spans that matter most, with everything above them."""
    if len(by_id) <= limit:
        return set(by_id)
    shown: set[str] = set()
    ranked = sorted(
        by_id.values(), key=lambda part: (not part.error, part.role not in WORKING, -part.duration_us, part.id)
    )
    for part in ranked[: limit * 4]:
        line = list(_line(part.id, parents, shown, limit))
        if len(shown) + len(line) <= limit:
            shown.update(line)
        if len(shown) >= limit:
            break
    return shown


def _line(one: str, parents: Mapping[str, str], shown: set[str], limit: int) -> Iterator[str]:
    """The span and what called it, up to somebody who is shown; no further than there is room."""
    there: str | None = one
    for _step in range(limit + 1):
        if there is None or there in shown:
            return
        yield there
        there = parents.get(there)


def _folded(by_id: Mapping[str, Part], parents: Mapping[str, str], shown: set[str]) -> dict[str, int]:
    """How many spans are hidden below each that is shown: each counts at the nearest one above it."""
    nearest: dict[str, str] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    for one in by_id:
        path, there = [], one
        while there not in shown and there not in nearest and there in parents:
            path.append(there)
            there = parents[there]
        above = there if there in shown else nearest.get(there, "")
        nearest.update(dict.fromkeys(path, above))
        if one not in shown:
            counts[above] += 1
    return dict(counts)


def _walk(shown: Sequence[Part], parents: Mapping[str, str]) -> Iterator[tuple[Part, int]]:
    """Depth first, each level in order of time; without recursion, for a trace may be as deep as it is long."""
    names = {part.id for part in shown}
    below: defaultdict[str, list[Part]] = defaultdict(list)
    for part in sorted(shown, key=lambda part: (part.start_us, part.id), reverse=True):
        parent = parents.get(part.id, "")
        below[parent if parent in names else ""].append(part)
    stack = [(part, 0) for part in below[""]]
    while stack:
        part, depth = stack.pop()
        yield part, depth
        stack += [(child, depth + 1) for child in below[part.id]]
