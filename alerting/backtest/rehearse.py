"""Ask a rule of series that somebody wrote down: by the evaluator and the state machine that page people, without stored events.

What is written at place i of a series came in the interval that ends i intervals after the beginning, so an evaluation
then sees it, as in the tests of Prometheus's rules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from alerting.backtest.notation import NotationError, read_series, read_values
from alerting.backtest.past import Past, fires_of
from alerting.evaluate.judge import answer, ask
from alerting.evaluate.plan import plan_of
from alerting.evaluate.targets import Target, labels_of
from alerting.kinds.base import (
    SEVERITIES,
    Answers,
    Asked,
    Beats,
    BeatsAsked,
    Members,
    MembersAsked,
    rule_model,
    rule_subject,
)
from alerting.models import AlertRule
from alerting.states.machine import State
from alerting.states.replay import Move, Slots, replay
from models_registry.models import Model
from monitoring.models import SLO
from monitoring.slo.composites import subjects_for
from monitoring.slo.windows import WindowsAsk, rehearsed
from monitoring.stats import layouts
from monitoring.stats.histogram import PAIR, pack
from monitoring.stats.sliding import Column, Name, Sliding, newest_at
from monitoring.stats.tally import Subject
from monitoring.stats.windows import epoch

# A Monday, far from any change of clocks.
BEGINS: Final = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE: Final = 60
POSITIVE: Final = 1
HEARTBEATS: Final = "heartbeats"
THUMBS: Final = {"up": layouts.FEEDBACK_UP, "down": layouts.FEEDBACK_DOWN, "other": layouts.FEEDBACK_OTHER}
STATUSES: Final = {"ok": layouts.STATUS_OK, "error": layouts.STATUS_ERROR}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one event of a series adds: to a metric of a layout, in a bin, by so many quanta."""

    metric: str
    layout: str
    bin: int
    quanta: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One series: events per interval; `model` is a slug, empty for every model."""

    name: str
    labels: Mapping[str, str]
    counts: Sequence[int]

    @property
    def model(self) -> str:
        """Whose events they are, where the series says so."""
        return self.labels.get("model", "")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a rule would do at each of the slots."""

    rule: AlertRule
    slots: Slots
    answers: Answers
    moves: Sequence[Move]

    def state_at(self, place: int) -> State:
        """The state of its alert after that evaluation."""
        state = State.INACTIVE
        for move in self.moves:
            if move.place > place:
                break
            state = move.memory.state
        return state

    def labels_at(self, place: int) -> dict[str, str]:
        """The labels of its alert then, without those that are empty."""
        severity = SEVERITIES[int(self.answers.severity[place])]
        found = {"alertname": self.rule.slug, **labels_of(self.rule), "severity": severity}
        return {name: text for name, text in found.items() if text}


def read_told(series: str, values: str) -> Told:
    """A series as it is written; `NotationError` with the mend for what means nothing to a rule."""
    name, labels = read_series(series)
    counts = []
    for value in read_values(values):
        if value is not None and (value < 0 or value != int(value)):
            message = f"{value:g} of {name}: these are numbers of events, so write whole ones from 0 on"
            raise NotationError(message)
        counts.append(int(value or 0))
    told = Told(name, labels, counts)
    if name != HEARTBEATS:
        _cell(told, {})
    return told


def rehearse(
    rule: AlertRule, told: Sequence[Told], *, interval: timedelta, slots: Slots, known: Mapping[str, AlertRule]
) -> Rehearsal:
    """Play the series to a rule; `known` are rules by slug, for composites. Raises when the rule itself is broken."""
    past = _past(rule, told, interval=interval, slots=slots, known=known)
    answers = answer(rule, past.subject, past.seen[0])
    return Rehearsal(rule, slots, answers, replay(answers.seen, slots, plan_of(rule)))


def _past(
    rule: AlertRule, told: Sequence[Told], *, interval: timedelta, slots: Slots, known: Mapping[str, AlertRule]
) -> Past:
    subject = _known(rule_model(rule), rule_subject(rule))
    until = epoch(slots.first) + np.arange(slots.count, dtype=np.int64) * int(slots.step.total_seconds())
    asked = ask(rule, subject, until=until)

    def member(slug: str) -> Past:
        return _past(known[slug], told, interval=interval, slots=slots, known=known)

    return Past(asked, [Target(labels_of(rule))], [_seen(rule, asked, told, interval, member, known)], subject, slots)


def _seen(
    rule: AlertRule,
    asked: Asked,
    told: Sequence[Told],
    interval: timedelta,
    member: Callable[[str], Past],
    known: Mapping[str, AlertRule],
) -> Any:
    if isinstance(asked, MembersAsked):
        return Members(asked.until, {slug: fires_of(known[slug], member(slug), asked) for slug in asked.slugs})
    if isinstance(asked, BeatsAsked):
        return _beats(rule, asked, _of(rule_model(rule), told), interval)
    if isinstance(asked, WindowsAsk):
        return rehearsed(asked, lambda slo: (_subject_of(slo), _columns(slo.model, told, interval)))
    columns = _columns(rule_model(rule), told, interval)
    past = tuple(int(by.total_seconds()) // MINUTE * MINUTE for by in asked.past)
    wanted = {name: found for name, found in columns.items() if name[0] in asked.metrics}
    newest = newest_at(columns, asked.edges, before=None) if layouts.NEWEST in asked.metrics else None
    return Sliding(wanted, asked.edges, past, asked.past_of, newest)


def _of(model: Model, told: Sequence[Told]) -> list[Told]:
    return [one for one in told if one.model in ("", model.slug)]


def _subject_of(slo: SLO) -> Subject:
    [subject] = subjects_for([slo])
    return _known(slo.model, subject)


def _known(model: Model, subject: Subject) -> Subject:
    """Made-up labels are positive or not, whatever the model calls them."""
    return replace(subject, positive_code=POSITIVE if model.positive_label else None)


def _beats(rule: AlertRule, asked: BeatsAsked, told: Sequence[Told], interval: timedelta) -> Beats:
    mine = [one for one in told if one.name == HEARTBEATS and one.labels.get("rule", rule.slug) == rule.slug]
    places = sorted({place for one in mine for place, count in enumerate(one.counts) if count})
    times = np.array([-1, *(epoch(BEGINS + place * interval) for place in places)], dtype=np.int64)
    return Beats(asked.until, times[np.searchsorted(times, asked.until, side="right") - 1])


def _columns(model: Model, told: Sequence[Told], interval: timedelta) -> dict[Name, list[Column]]:
    """Buckets of minutes of a model, as the drain would have made them."""
    codes: dict[str, int] = {model.positive_label: POSITIVE} if model.positive_label else {}
    buckets: dict[tuple[str, str], dict[int, dict[int, int]]] = {}
    totals: dict[tuple[str, str, int], int] = {}
    for one in _of(model, told):
        if one.name == HEARTBEATS:
            continue
        cell = _cell(one, codes)
        for place, count in enumerate(one.counts):
            start = epoch(BEGINS + place * interval) - MINUTE
            bins = buckets.setdefault((cell.metric, cell.layout), {}).setdefault(start, {})
            bins[cell.bin] = bins.get(cell.bin, 0) + count
            key = (cell.metric, cell.layout, start)
            totals[key] = totals.get(key, 0) + count * cell.quanta
    return {(metric, ""): _column(metric, layout, found, totals) for (metric, layout), found in buckets.items()}


def _column(
    metric: str, layout: str, buckets: Mapping[int, Mapping[int, int]], totals: Mapping[tuple[str, str, int], int]
) -> list[Column]:
    filled = {start: {key: n for key, n in bins.items() if n} for start, bins in sorted(buckets.items())}
    kept = {start: bins for start, bins in filled.items() if bins}
    if not kept:
        return []
    starts = np.array(list(kept), dtype=np.int64)
    column = Column.of(
        starts,
        np.full(len(kept), MINUTE, dtype=np.int64),
        np.array([sum(bins.values()) for bins in kept.values()], dtype=np.int64),
        np.array([totals[metric, layout, start] for start in kept], dtype=np.int64),
        np.frombuffer(b"".join(pack(bins) for bins in kept.values()), dtype=PAIR),
        np.array([len(bins) for bins in kept.values()], dtype=np.int64),
        layout=layout,
        newest=1,
    )
    return [column]


def _cell(told: Told, codes: dict[str, int]) -> Cell:
    """What an event of the series is; classes get their codes in the order they are met."""
    maker = INPUTS.get(told.name)
    if maker is None:
        message = f"{told.name} is no series of events here; there are {', '.join([*INPUTS, HEARTBEATS])}"
        raise NotationError(message)
    return maker(told, codes)


def _requests(told: Told, _codes: dict[str, int]) -> Cell:
    return Cell("status", layouts.STATUS, _word(told, "status", STATUSES))


def _latency(told: Told, _codes: dict[str, int]) -> Cell:
    value = told.labels.get("value", "")
    if not value.isdecimal() or len(value) > len("86400000"):
        raise _missing(told, 'value="250", whole milliseconds')
    quanta = int(value) * 1_000
    return Cell("latency", layouts.LOG, layouts.log_bin(quanta), quanta)


def _labelled(told: Told, codes: dict[str, int]) -> Cell:
    sides = [told.labels.get(side) for side in ("label", "prediction")]
    if None in sides:
        raise _missing(told, 'label="…" and prediction="…"')
    true, predicted = (codes.setdefault(str(side), _next(codes)) for side in sides)
    return Cell("confusion", layouts.CONFUSION, layouts.confusion_bin(true, predicted))


def _next(codes: Mapping[str, int]) -> int:
    return max(codes.values(), default=POSITIVE) + 1


def _finishes(told: Told, _codes: dict[str, int]) -> Cell:
    return Cell("finish", layouts.FINISH, _word(told, "reason", layouts.FINISH_CODES))


def _thumbs(told: Told, _codes: dict[str, int]) -> Cell:
    return Cell("feedback", layouts.FEEDBACK, _word(told, "value", THUMBS))


def _word(told: Told, label: str, words: Mapping[str, int]) -> int:
    given = told.labels.get(label, "")
    if given not in words:
        raise _missing(told, f'{label}="…", one of {", ".join(word for word in words if word)}')
    return words[given]


def _missing(told: Told, wanted: str) -> NotationError:
    return NotationError(f"{told.name} needs {wanted}")


INPUTS: Final[dict[str, Callable[[Told, dict[str, int]], Cell]]] = {
    "requests": _requests,
    "latency_ms": _latency,
    "labelled": _labelled,
    "finishes": _finishes,
    "thumbs": _thumbs,
}
