"""Ask a rule, saved or not, of the past: by the evaluator and the state machine that page people.

Every instant at which the rule would have been evaluated is judged by the summaries as they are now, so by all that has
become known since: a backtest sees with hindsight. What the rule saw then is in its evaluations; where the two disagree,
the result says so and shows both. A rule that is asked of the past starts quiet. One that has an alert per version or segment
is judged and played group by group, by the groups that are known now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, Final

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from alerting.backtest.hindsight import Difference, Played, differences, fires_then
from alerting.errors import BadRange, Refused
from alerting.evaluate.judge import answer, ask
from alerting.evaluate.look import look_back
from alerting.evaluate.plan import plan_of
from alerting.evaluate.slots import interval_of, slot_of
from alerting.evaluate.targets import Target, targets_of
from alerting.evaluate.vanished import answers_without_vanished
from alerting.kinds.base import BREACHED, SEVERITIES, Answers, Asked, Members, MembersAsked, rule_model, rule_subject
from alerting.models import AlertRule, AlertVerdict, Incident, Severity
from alerting.mutes.night import is_night
from alerting.states.machine import BLIND, SEEN, State
from alerting.states.replay import Slots, Stretch, firings, replay
from monitoring.selectors.groups import Group
from monitoring.selectors.history import Question, coarse_until
from monitoring.slo.windows import WindowsAsk
from monitoring.stats.tally import Subject
from monitoring.stats.windows import Floats, epoch

MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that it would have fired. `end` is None where it still did at the end; `incidents` are the numbers it met;
    `group` is empty where the rule has one alert.
    """

    pending_at: datetime
    start: datetime
    end: datetime | None
    seconds: float
    severity: str
    value: float | None
    reason: str
    at_night: bool
    incidents: tuple[int, ...] = ()
    group: str = ""

    @property
    def is_page(self) -> bool:
        """Whether it would have woken somebody."""
        return self.severity == Severity.PAGE


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the rule would have done over [start, end), evaluated at `slots`.

    `parts` are its groups, the one that fired longest first, or the whole; `blind_s` is how long it could not tell of one of them.
    `caught` and `missed` are incidents of the model that nobody called noise; a false alarm is a firing that met none of
    them. `held_back` counts the times that too few bad events kept it from firing. Before `coarse_until` a moment is known within its hour (or day) only. `differences` are where the rule saw
    something else then.
    """

    rule: AlertRule
    start: datetime
    end: datetime
    slots: Slots
    parts: Sequence[Played]
    firings: Sequence[Firing]
    caught: Sequence[Incident]
    missed: Sequence[Incident]
    blind_s: float
    coarse_until: datetime | None
    held_back: int = 0
    differences: Sequence[Difference] = field(default_factory=list)

    @property
    def firing_s(self) -> float:
        """Time in firing."""
        return sum(one.seconds for one in self.firings)

    @property
    def false_alarms(self) -> list[Firing]:
        """Firings that met no incident."""
        return [one for one in self.firings if not one.incidents]

    @property
    def pages(self) -> list[Firing]:
        """Firings that would have woken somebody."""
        return [one for one in self.firings if one.is_page]

    @property
    def pages_at_night(self) -> list[Firing]:
        """Those that would have done so at night."""
        return [one for one in self.pages if one.at_night]

    @property
    def with_hindsight(self) -> bool:
        """Whether later truth changed what the rule would have done."""
        return any(one.is_hindsight for one in self.differences)


@dataclass(frozen=True, slots=True)
class Past:
    """What was read for a rule, for each of its alerts: a variant that asks for the same windows is judged without reading again."""

    question: Asked
    targets: Sequence[Target]
    seen: Sequence[Any]
    subject: Subject
    slots: Slots

    def fits(self, asked: Asked) -> bool:
        """Whether it holds what this question asks for."""
        mine = self.question
        if isinstance(asked, WindowsAsk) and isinstance(mine, WindowsAsk):
            return asked.is_answered_by(mine)
        if not isinstance(asked, Question) or not isinstance(mine, Question):
            return False
        same = (mine.scope, mine.metrics, mine.past, mine.past_of) == (
            *(asked.scope, asked.metrics, asked.past),
            asked.past_of,
        )
        return same and np.array_equal(mine.edges, asked.edges)


def backtest(rule: AlertRule, *, start: datetime, end: datetime, now: datetime) -> Backtest:
    """One rule over the past; `Refused` with the mend where the range makes no sense."""
    return compare([rule], start=start, end=end, now=now)[0]


def compare(rules: Sequence[AlertRule], *, start: datetime, end: datetime, now: datetime) -> list[Backtest]:
    """Variants over the same past; what they have in common is read once."""
    past: Past | None = None
    results = []
    for rule, before in zip(rules, [None, *rules], strict=False):
        alike = before is not None and (before.slo_id, before.model_id) == (rule.slo_id, rule.model_id)
        past = read_past(rule, start=start, end=min(end, now), known=past if alike else None)
        results.append(replay_past(rule, past, start=start, end=min(end, now)))
    return results


def read_past(rule: AlertRule, *, start: datetime, end: datetime, known: Past | None = None) -> Past:
    """What the rule looks at, at every instant at which it is due."""
    slots = _slots(rule, start, end)
    subject = known.subject if known else rule_subject(rule)
    until = epoch(slots.first) + np.arange(slots.count, dtype=np.int64) * int(slots.step.total_seconds())
    asked = ask(rule, subject, until=until)
    targets = targets_of([rule])[rule.pk]
    for target in targets:
        target.check()
    if known and known.slots == slots and known.fits(asked) and _parts(known.targets) == _parts(targets):
        return known
    if isinstance(asked, MembersAsked):
        return Past(asked, targets, [_members(asked, start, end)], subject, slots)
    narrowed = [narrow for one in targets if not isinstance(narrow := one.narrow(asked), MembersAsked)]
    return Past(asked, targets, look_back(narrowed), subject, slots)


def _parts(targets: Sequence[Target]) -> list[Group]:
    return [one.part for one in targets]


def _members(asked: MembersAsked, start: datetime, end: datetime) -> Members:
    """The rules of a composite, each asked of the same past; of those of other programs what they said then."""
    rules = AlertRule.objects.filter(project=asked.project_id, slug__in=asked.slugs)
    fires = {}
    for rule in rules.select_related("project", "slo__model", "model", "policy"):
        if rule.kind == AlertRule.Kind.EXTERNAL:
            fires[rule.slug] = fires_then(rule, asked.until)
        else:
            fires[rule.slug] = fires_of(rule, _member(rule, start, end), asked)
    return Members(asked.until, fires)


def _member(rule: AlertRule, start: datetime, end: datetime) -> Past:
    """What it looks at; where it cannot be asked, by its name, for the composite is another rule."""
    try:
        return read_past(rule, start=start, end=end)
    except ValueError as error:
        message = f"{rule.slug}: {error}"
        raise ValueError(message) from error


def fires_of(rule: AlertRule, past: Past, asked: MembersAsked) -> Floats:
    """1, 0 or NaN at the instants of the composite: what the rule's last evaluation until then had made of its alerts, any of
    which decides.
    """
    states = np.full((len(past.targets), past.slots.count + 1), np.nan)
    for row, part in zip(states, _play(rule, past), strict=True):
        row[1:] = 0.0
        for move, later in zip_longest(part.moves, part.moves[1:]):
            value = {State.FIRING: 1.0, State.PENDING: 0.0, State.INACTIVE: 0.0}.get(move.memory.state, np.nan)
            row[move.place + 1 : later.place + 1 if later else None] = value
    first, step = epoch(past.slots.first), int(past.slots.step.total_seconds())
    places = np.clip((asked.until - first) // step + 1, 0, past.slots.count)
    found: Floats = np.fmax.reduce(states, axis=0, initial=np.nan)[places]
    return found


def _play(rule: AlertRule, past: Past) -> list[Played]:
    """Judge what was read, group by group as live evaluation does, and move the alert of each."""
    answers = [answer(rule, past.subject, seen) for seen in past.seen]
    answers = answers_without_vanished(answers) if rule.grouping else answers
    return [
        Played(target, one, moves := replay(one.seen, past.slots, plan_of(rule)), firings(moves, past.slots.count))
        for target, one in zip(past.targets, answers, strict=True)
    ]


def replay_past(rule: AlertRule, past: Past, *, start: datetime, end: datetime) -> Backtest:
    """Judge and play what was read, and hold it against what became of it."""
    slots, incidents = past.slots, _incidents(rule, start, end)
    parts = sorted(_play(rule, past), key=lambda part: -part.fired)
    found = [one for part in parts for one in _firings(part, slots, incidents)]
    met = {number for one in found for number in one.incidents}
    floor = coarse_until()
    blind = np.zeros(slots.count, dtype=bool)
    for part in parts:
        blind |= np.isin(part.answers.seen, [SEEN.index(one) for one in BLIND])
    return Backtest(
        rule=rule,
        start=start,
        end=end,
        slots=slots,
        parts=parts,
        firings=sorted(found, key=lambda one: one.start),
        caught=[one for one in incidents if one.number in met],
        missed=[one for one in incidents if one.number not in met],
        blind_s=int(blind.sum()) * slots.step.total_seconds(),
        coarse_until=_moment(floor) if floor > start.timestamp() else None,
        held_back=sum(_held_back(part.answers, part.stretches) for part in parts),
        differences=differences(rule, slots, parts),
    )


def _held_back(answers: Answers, fired: Sequence[Stretch]) -> int:
    """Stretches in which the guard against few events was all that kept it quiet."""
    if answers.held is None:
        return 0
    held = answers.held.astype(np.int8)
    for stretch in fired:
        held[stretch.start : stretch.end] = 0
    return int((np.diff(held, prepend=0) == 1).sum())


def _slots(rule: AlertRule, start: datetime, end: datetime) -> Slots:
    step = interval_of(rule)
    if step % timedelta(seconds=1):
        raise Refused(_("Only rules that ask at whole seconds can be asked of the past: change the interval."))
    if end <= start:
        raise BadRange(_("The range must end after it starts, and start before now."))
    first = slot_of(rule, now=start)
    first = first if first >= start else first + step
    count = max(0, -((first - end) // step))
    if not 0 < count <= MOST:
        raise BadRange(
            _("That would be %(count)d evaluations; choose a range, or an interval, that makes 1 to %(most)d of them.")
            % {"count": count, "most": MOST}
        )
    return Slots(first, step, count)


def _firings(part: Played, slots: Slots, incidents: Sequence[Incident]) -> list[Firing]:
    began = {move.place: move.memory.active_since for move in part.moves if move.memory.active_since}
    return [_firing(part, one, slots, began[one.start], incidents) for one in part.stretches]


def _firing(
    part: Played, stretch: Stretch, slots: Slots, pending: datetime | None, incidents: Sequence[Incident]
) -> Firing:
    start, end, answers = slots.at(stretch.start), slots.at(stretch.end), part.answers
    told = answers.of(stretch.start)
    within = slice(stretch.start, stretch.end)
    levels = answers.severity[within][answers.seen[within] == BREACHED].tolist()
    severity = SEVERITIES[min(levels)] if levels else told.severity
    met = (one.number for one in incidents if one.impact_started_at < end and (one.resolved_at or end) >= start)
    return Firing(
        pending_at=pending or start,
        start=start,
        end=end if stretch.end < slots.count else None,
        seconds=(end - start).total_seconds(),
        severity=severity,
        value=told.value,
        reason=told.reason,
        at_night=is_night(start, timezone.get_default_timezone()),
        incidents=tuple(met),
        group=part.target.group,
    )


def _incidents(rule: AlertRule, start: datetime, end: datetime) -> list[Incident]:
    """Those of the model that touch the range, but for those that reviews call nothing but noise."""
    rows = Incident.objects.filter(model=rule_model(rule), impact_started_at__lt=end)
    rows = (
        rows.exclude(resolved_at__lt=start)
        .exclude(state=Incident.State.MERGED)
        .order_by("number")
        .prefetch_related("verdicts")
    )
    return [one for one in rows if not _is_noise(one)]


def _is_noise(incident: Incident) -> bool:
    verdicts = {one.verdict for one in incident.verdicts.all()}
    return verdicts == {AlertVerdict.Verdict.NOISE}


def _moment(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, tz=timezone.get_default_timezone())
