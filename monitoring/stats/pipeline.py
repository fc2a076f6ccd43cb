"""The steps of many traces, added up by their path: where time, errors, money and tokens go.

A path is the names and kinds from the root down. Times in microseconds, money in nano-USD. What a step takes by itself is its time
less that in which something below it ran; these add up to the whole, while what is inclusive holds everything below it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final, NamedTuple

from monitoring.stats.span_tree import parents_of

DEEPEST: Final = 12  # what is called further down counts as one step
DEEPER: Final = "…"
Node = tuple[int, str, str]  # the node above, name, kind


class Part(NamedTuple):
    """A span, or a call that no span told; `calls` is 1 where money and tokens are told, `nano` None where no cost is known."""

    trace: str
    id: str
    parent: str
    name: str
    role: str
    error: bool
    start_us: int
    duration_us: int
    calls: int = 0
    nano: int | None = None
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(slots=True)
class Step:
    """All parts of one path. Money and tokens are inclusive; `slowest` and `failed` are traces to look at."""

    name: str
    role: str
    depth: int
    count: int = 0
    errors: int = 0
    time_us: int = 0
    self_us: int = 0
    calls: int = 0
    costed: int = 0
    nano: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    durations: list[int] = field(default_factory=list)
    traces: set[str] = field(default_factory=set)
    longest_us: int = -1
    slowest: str = ""
    failed: str = ""

    @property
    def mean_us(self) -> float:
        """The mean of its durations."""
        return self.time_us / self.count

    @property
    def error_rate(self) -> float:
        """How many of its parts failed, 0 to 1."""
        return self.errors / self.count

    def quantile(self, share: float) -> int:
        """The nearest-rank quantile of its durations."""
        return sorted(self.durations)[max(0, ceil(share * len(self.durations)) - 1)]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps depth first, at each level the one that takes longest first; `whole_us` is the time of all roots, `hidden` steps are not told."""

    steps: list[Step]
    traces: int
    parts: int
    whole_us: int
    self_us: int
    hidden: int

    def share(self, step: Step) -> float | None:
        """Of the time of all roots what is spent in the step and below it."""
        return step.time_us / self.whole_us if self.whole_us else None

    def self_share(self, step: Step) -> float | None:
        """Of all time what the step takes by itself."""
        return step.self_us / self.self_us if self.self_us else None


def add_up_steps(parts: Iterable[Part], *, limit: int) -> Pipeline:
    """The steps of these parts, at most `limit`, in whatever order they come; a missing parent makes a root, as does a circle."""
    steps: dict[int, Step] = {}
    nodes: dict[Node, int] = {}
    above_of: dict[int, int] = {}
    traces: defaultdict[str, dict[str, Part]] = defaultdict(dict)
    for part in parts:
        traces[part.trace][part.id] = part
    whole = 0
    for by_id in traces.values():
        parents = parents_of({one: part.parent for one, part in by_id.items()})
        places = _places(by_id, parents, nodes)
        above_of |= {number: above for (above, _name, _role), number in nodes.items()}
        children: defaultdict[str, list[Part]] = defaultdict(list)
        for one, parent in parents.items():
            children[parent].append(by_id[one])
        for one, part in by_id.items():
            whole += 0 if one in parents else max(part.duration_us, 0)
            _count(steps, places[one], part, _own(part, children.get(one, ())))
        for part in by_id.values():
            if part.calls:
                _add_money(steps, above_of, places[part.id], part)
    for (_above, name, role), number in nodes.items():
        steps[number].name, steps[number].role = name, role
    shown = _shown(steps, above_of, limit)
    return Pipeline(
        steps=list(_walk(steps, above_of, shown)),
        traces=len(traces),
        parts=sum(map(len, traces.values())),
        whole_us=whole,
        self_us=sum(step.self_us for step in steps.values()),
        hidden=len(steps) - len(shown),
    )


def _places(by_id: Mapping[str, Part], parents: Mapping[str, str], nodes: dict[Node, int]) -> dict[str, int]:
    """The number of the path of each part, and new paths into `nodes`."""
    places: dict[str, int] = {}
    depths: dict[str, int] = {}
    for one in by_id:
        line = []
        there: str | None = one
        while there is not None and there not in places:
            line.append(there)
            there = parents.get(there)
        for name in reversed(line):
            above = parents.get(name)
            depth = depths[above] + 1 if above else 0
            part = by_id[name]
            if above and depth > DEEPEST:
                places[name], depths[name] = places[above], DEEPEST
                continue
            told = (part.name, part.role) if depth < DEEPEST else (DEEPER, "")
            node = (places[above] if above else 0, *told)
            places[name], depths[name] = nodes.setdefault(node, len(nodes) + 1), depth
    return places


def _own(part: Part, children: Sequence[Part]) -> int:
    """Its time less that in which something below it ran, however many at once."""
    end = part.start_us + max(part.duration_us, 0)
    covered, reached = 0, part.start_us
    for child in sorted(children, key=lambda one: one.start_us):
        begin, stop = max(child.start_us, reached), min(child.start_us + max(child.duration_us, 0), end)
        if stop > begin:
            covered, reached = covered + stop - begin, stop
    return max(part.duration_us, 0) - covered


def _count(steps: dict[int, Step], place: int, part: Part, own: int) -> None:
    step = steps.setdefault(place, Step("", "", 0))
    took = max(part.duration_us, 0)
    if (took, part.trace) > (step.longest_us, step.slowest):
        step.longest_us, step.slowest = took, part.trace
    if part.error:
        step.failed = max(step.failed, part.trace)
    step.count += 1
    step.errors += part.error
    step.time_us += took
    step.self_us += own
    step.durations.append(took)
    step.traces.add(part.trace)


def _add_money(steps: Mapping[int, Step], above_of: Mapping[int, int], place: int, part: Part) -> None:
    """Of a call, to its step and every one above."""
    while place:
        step = steps[place]
        step.calls += part.calls
        step.costed += part.calls if part.nano is not None else 0
        step.nano += part.nano or 0
        step.tokens_in += part.tokens_in
        step.tokens_out += part.tokens_out
        place = above_of[place]


def _shown(steps: Mapping[int, Step], above_of: Mapping[int, int], limit: int) -> set[int]:
    """The steps that matter most by time, money and errors, with all that is above them."""
    shown: set[int] = set()
    whole = max((step.time_us for step in steps.values()), default=0) or 1
    dearest = max((step.nano for step in steps.values()), default=0) or 1

    def weight(number: int) -> float:
        step = steps[number]
        return step.time_us / whole + step.nano / dearest + step.errors / step.count

    for number in sorted(steps, key=lambda one: (-weight(one), steps[one].name, one)):
        line, there = [], number
        while there and there not in shown:
            line.append(there)
            there = above_of[there]
        if len(shown) + len(line) <= limit:
            shown.update(line)
    return shown


def _walk(steps: Mapping[int, Step], above_of: Mapping[int, int], shown: set[int]) -> Iterator[Step]:
    """Depth first."""
    below: defaultdict[int, list[int]] = defaultdict(list)
    for number in shown:
        below[above_of[number]].append(number)
    for numbers in below.values():
        numbers.sort(key=lambda one: (steps[one].time_us, steps[one].name, steps[one].role))
    stack = [(number, 0) for number in below[0]]
    while stack:
        number, depth = stack.pop()
        steps[number].depth = depth
        yield steps[number]
        stack += [(child, depth + 1) for child in below[number]]
