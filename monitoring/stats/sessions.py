"""Events of a session or a person added up. Times in microseconds, money in nano-USD."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from monitoring.stats.usage import NANO


class Facts(NamedTuple):
    """Of a prediction or call what sums take; a prediction has neither tokens nor money."""

    session_id: str
    user_id: str
    ts_us: int
    pk: int
    model: str
    status: int
    latency_us: int | None
    up: int
    down: int
    is_call: bool = False
    finish_reason: str = ""
    cost_nano: int | None = None
    reported_nano: int | None = None
    input: int | None = None
    cached_input: int | None = None
    cache_write: int | None = None
    audio_input: int | None = None
    output: int | None = None
    reasoning: int | None = None
    audio_output: int | None = None
    response_model: str = ""
    request_model: str = ""

    @property
    def nano(self) -> int | None:
        """By our price, else as the client reports it; None where nobody knows."""
        return self.reported_nano if self.cost_nano is None else self.cost_nano


@dataclass(frozen=True, slots=True)
class Figures:
    """At least one event. `costed` of the calls have a known cost; `latency_us` is the median of those events that told one.

    Tokens are None where no call told any; `cut` says that there are older events which are not counted.
    """

    events: int
    calls: int
    errors: int
    truncated: int
    up: int
    down: int
    costed: int
    nano: int
    tokens_in: int | None
    tokens_out: int | None
    latency_us: float | None
    first_us: int
    last_us: int
    users: list[str]
    sessions: int
    models: list[tuple[str, int]]
    language_models: list[tuple[str, int]]
    cut: bool

    @property
    def cost_usd(self) -> float | None:
        """None where nothing has a known cost."""
        return self.nano / NANO if self.costed else None

    @property
    def latency_ms(self) -> float | None:
        """The same median in milliseconds."""
        return None if self.latency_us is None else self.latency_us / 1_000


def add_up(facts: Sequence[Facts], *, cut: bool = False) -> Figures:
    """The figures of these events, in whatever order they come; `ValueError` of none."""
    calls = [one for one in facts if one.is_call]
    costs = [one.nano for one in calls if one.nano is not None]
    latencies = [one.latency_us for one in facts if one.latency_us is not None]
    return Figures(
        events=len(facts),
        calls=len(calls),
        errors=sum(bool(one.status) for one in facts),
        truncated=sum(one.finish_reason == "length" for one in calls),
        up=sum(one.up for one in facts),
        down=sum(one.down for one in facts),
        costed=len(costs),
        nano=sum(costs),
        tokens_in=_tokens((one.input, one.cached_input, one.cache_write, one.audio_input) for one in calls),
        tokens_out=_tokens((one.output, one.reasoning, one.audio_output) for one in calls),
        latency_us=median(latencies) if latencies else None,
        first_us=min(one.ts_us for one in facts),
        last_us=max(one.ts_us for one in facts),
        users=_by_count(one.user_id for one in facts),
        sessions=len({one.session_id for one in facts} - {""}),
        models=_ranked(one.model for one in facts),
        language_models=_ranked(one.response_model or one.request_model for one in calls),
        cut=cut,
    )


def _tokens(buckets: Iterable[tuple[int | None, ...]]) -> int | None:
    known = [count for some in buckets for count in some if count is not None]
    return sum(known) if known else None


def _ranked(names: Iterable[str]) -> list[tuple[str, int]]:
    counts = Counter(name for name in names if name)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _by_count(names: Iterable[str]) -> list[str]:
    return [name for name, _count in _ranked(names)]
