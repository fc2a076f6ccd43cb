"""The counts of a fatigue report, by rule and by whoever was called. Pure arithmetic over stored facts."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from alerting.fatigue.episodes import Fired
from alerting.fatigue.facts import Call, Facts, Said
from monitoring.stats.intervals import Reading, ratio

ACKNOWLEDGED: Final = "acknowledged"
# To put something off, or away, is no answer to it.
PUTS_OFF: Final = frozenset({"silenced", "snoozed", "awoke", "requeued", "merged", "closed"})
# Fewer verdicts, or firings, say nothing about a rule.
FEW: Final = 5
HOLDS: Final = tuple(timedelta(minutes=one) for one in (5, 10, 15, 30, 60))


@dataclass(frozen=True, slots=True)
class Fatigue:
    """Of `n` (firings of a rule; messages that called somebody) so many were this or that, as far as is known today.

    `acted`: somebody did something about the incident; `by_itself`: it was over without that; both are false of what
    is still open and untouched. `held_back` counts decisions not to tell, by reason. Verdicts are those of reviews.
    """

    n: int = 0
    pages: int = 0
    at_night: int = 0
    acted: int = 0
    by_itself: int = 0
    flapping: int = 0
    unacknowledged: int = 0
    held_back: Mapping[str, int] = field(default_factory=dict)
    useful: int = 0
    judged: int = 0

    @property
    def precision(self) -> Reading:
        """Of what reviews judged, the share that was worth it, with its Wilson interval."""
        return ratio(self.useful, self.judged)

    @property
    def is_judged(self) -> bool:
        """Whether that rests on enough verdicts to be said aloud."""
        return self.judged >= FEW

    @property
    def hurts(self) -> tuple[int, int, int, int]:
        """To sort by: pages at night, pages, what nobody acted upon, all."""
        return self.at_night, self.pages, self.n - self.acted, self.n


@dataclass(frozen=True, slots=True)
class Spared:
    """A longer `for` that would have kept `spared` of `n` firings from starting, and none that somebody acted upon."""

    hold: timedelta
    spared: int
    n: int


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of incidents: whom nobody helped, what nobody needed."""

    acted: frozenset[int]
    acknowledged: frozenset[int]
    by_itself: frozenset[int]
    flapping: frozenset[int]
    useful: frozenset[int]
    noise: frozenset[int]

    @property
    def needed(self) -> frozenset[int]:
        """What somebody acted upon, unless reviews call it nothing but noise; and what one of them calls useful."""
        return (self.acted - self.noise) | self.useful


def fates(facts: Facts, fired: Iterable[Fired]) -> Fates:
    """By incident."""
    acted = frozenset(deed.incident for deed in facts.deeds if deed.kind not in PUTS_OFF)
    useful = frozenset(said.incident for said in facts.said if said.useful)
    return Fates(
        acted,
        frozenset(deed.incident for deed in facts.deeds if deed.kind == ACKNOWLEDGED),
        facts.by_machine - acted,
        frozenset(one.incident for one in fired if one.flaps and one.incident is not None),
        useful,
        frozenset(said.incident for said in facts.said) - useful,
    )


def by_rule(facts: Facts, fired: Mapping[int, Sequence[Fired]], known: Fates) -> dict[int, Fatigue]:
    """Of every rule that fired. A firing paged if a page about its incident arrived while it fired."""
    pages: dict[int, list[Call]] = {}
    for call in sorted((one for one in facts.calls if one.pages), key=_moment):
        pages.setdefault(call.incident, []).append(call)
    held: dict[int, list[str]] = {}
    for one in facts.held:
        held.setdefault(one.incident, []).append(one.code)
    said: dict[int, list[Said]] = {}
    for verdict in facts.said:
        said.setdefault(verdict.rule, []).append(verdict)
    return {rule: _of_rule(mine, known, pages, held, said.get(rule, [])) for rule, mine in fired.items()}


def _of_rule(
    fired: Sequence[Fired],
    known: Fates,
    pages: Mapping[int, Sequence[Call]],
    held: Mapping[int, Sequence[str]],
    said: Iterable[Said],
) -> Fatigue:
    incidents = [one.incident for one in fired if one.incident is not None]
    about = frozenset(incidents)
    called = [_during(one, pages.get(one.incident or 0, ())) for one in fired]
    judged = [one.useful for one in said if one.incident in about]
    return Fatigue(
        n=len(fired),
        pages=sum(bool(calls) for calls in called),
        at_night=sum(any(call.at_night for call in calls) for calls in called),
        acted=sum(one in known.acted for one in incidents),
        by_itself=sum(one in known.by_itself for one in incidents),
        flapping=sum(one.flaps for one in fired),
        unacknowledged=sum(one.incident not in known.acknowledged for one in fired),
        held_back=Counter(code for incident in about for code in held.get(incident, ())),
        useful=sum(judged),
        judged=len(judged),
    )


def by_reader(facts: Facts, known: Fates) -> dict[tuple[bool, int], Fatigue]:
    """Of every person (True, key) whose own channels were called, and of every other channel (False, key)."""
    mine: dict[tuple[bool, int], list[Call]] = {}
    for call in facts.calls:
        mine.setdefault(_reader(call.channel, facts), []).append(call)
    held: dict[tuple[bool, int], Counter[str]] = {}
    for one in facts.held:
        if one.channel is not None:
            held.setdefault(_reader(one.channel, facts), Counter())[one.code] += 1
    return {key: _of_reader(mine.get(key, []), held.get(key, {}), facts, known) for key in {**mine, **held}}


def _of_reader(calls: Sequence[Call], held: Mapping[str, int], facts: Facts, known: Fates) -> Fatigue:
    about = frozenset(call.incident for call in calls)
    said = [one for one in facts.said if one.incident in about]
    return Fatigue(
        n=len(calls),
        pages=sum(call.pages for call in calls),
        at_night=sum(call.pages and call.at_night for call in calls),
        acted=sum(call.incident in known.acted for call in calls),
        by_itself=sum(call.incident in known.by_itself for call in calls),
        flapping=sum(call.incident in known.flapping for call in calls),
        unacknowledged=sum(call.incident not in known.acknowledged for call in calls),
        held_back=held,
        useful=sum(one.useful for one in said),
        judged=len(said),
    )


def spared(fired: Iterable[Fired], known: Fates, *, hold: timedelta, keep: timedelta) -> Spared | None:
    """The shortest longer `for` that spares half of what nobody acted upon, and nothing else; None where none does.

    A breach lasted from its beginning until its alert ended, less what the alert was kept firing; that is the first evaluation
    that found it over, so one exactly as long as `for` does not fire.
    """
    breaches = [one for one in fired if one.is_breach and one.end is not None]
    lengths = [(one.end - one.since - keep, one.incident in known.needed) for one in breaches if one.end is not None]
    idle = sum(not is_needed for _, is_needed in lengths)
    if idle < FEW:
        return None
    for longer in HOLDS:
        short = [is_needed for length, is_needed in lengths if length <= longer]
        if longer > hold and not any(short) and 2 * len(short) >= idle:
            return Spared(longer, len(short), len(breaches))
    return None


def _reader(channel: int, facts: Facts) -> tuple[bool, int]:
    owner = facts.owners.get(channel)
    return (True, owner) if owner is not None else (False, channel)


def _during(one: Fired, calls: Sequence[Call]) -> Sequence[Call]:
    low = bisect_left(calls, one.start, key=_moment)
    return calls[low : None if one.end is None else bisect_left(calls, one.end, key=_moment)]


def _moment(call: Call) -> datetime:
    return call.at
