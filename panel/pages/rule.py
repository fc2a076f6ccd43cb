"""A rule's page: what it asks, how its alerts stand, what it did, and what it, or a variant of it, would have done."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isnan
from typing import Final, NamedTuple

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alerting.backtest.past import Backtest, compare
from alerting.errors import Refused
from alerting.kinds import rule_kind
from alerting.kinds.base import Answers, rule_model
from alerting.models import Alert, AlertRule, AlertTransition, Evaluation
from alerting.states.machine import ACTIVE
from alerting.validate import rule_problems
from alerting.wording import describe_value, told_as
from models_registry.models import Project
from monitoring.catalogue import MEASURES
from monitoring.measures.series import Point
from panel.pages import history
from panel.pages.plot import Chart, Line, Threshold
from panel.pages.ranges import Stretch

POINTS: Final = 240
CHANGES: Final = 20
FIRINGS: Final = 50
FINDINGS: Final = 20
TONES: Final = ("accent", "second", "third")
MINUTES: Final = {"window": "window", "for": "for_duration", "keep": "keep_firing_for"}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A line of the list: the rule and the worst state of its alerts."""

    rule: AlertRule
    state: str
    asks: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A variant as somebody typed it: texts by field, what is wrong with them, and what it would have done."""

    given: Mapping[str, str]
    problems: Sequence[str] = ()
    result: Backtest | None = None


class Turn(NamedTuple):
    """A transition, and why, for this reader."""

    row: AlertTransition
    why: str


@dataclass(frozen=True, slots=True)
class RulePage:
    """All that a rule's page shows; `result` is None where the rule cannot be asked, and `problem` says why."""

    rule: AlertRule
    asks: str
    alerts: Sequence[Alert]
    changes: Sequence[Turn]
    trial: Trial
    result: Backtest | None = None
    chart: Chart | None = None
    problem: str = ""
    columns: Sequence[tuple[str, Backtest]] = field(default_factory=list)
    held: Sequence[str] = ()

    @property
    def grouped(self) -> list[tuple[Alert, str]]:
        """Its alerts, each with the version or the value of the segment key that it is about; empty where there are none."""
        return [(alert, str(alert.labels.get(self.rule.grouping, ""))) for alert in self.alerts]

    @property
    def own(self) -> dict[str, str]:
        """What the rule itself has, by the fields of a variant; times in minutes."""
        numbers: dict[str, float | None] = {"threshold": self.rule.threshold, "minimum": self.rule.minimum}
        spans = {name: getattr(self.rule, column) for name, column in MINUTES.items()}
        numbers |= {name: span / timedelta(minutes=1) for name, span in spans.items() if span is not None}
        return {name: f"{number:g}" for name, number in numbers.items() if number is not None}


WORST_FIRST: Final = ("firing", "error", "pending", "stale", "no_data", "inactive")


def rule_rows(project: Project) -> list[RuleRow]:
    """Every rule of a project, by name, in three statements."""
    rules = AlertRule.objects.filter(project=project).select_related("slo__model", "model", "policy")
    states: dict[int, set[str]] = {}
    for pk, state in Alert.objects.filter(rule__project=project).values_list("rule_id", "state"):
        states.setdefault(pk, set()).add(state)
    return [RuleRow(rule, _state(rule, states.get(rule.pk, set())), asks_of(rule)) for rule in rules]


def _state(rule: AlertRule, states: set[str]) -> str:
    if not rule.enabled:
        return "disabled"
    return next((state for state in WORST_FIRST if state in states), "inactive")


def asks_of(rule: AlertRule) -> str:
    """What it asks, in words; of a broken rule its kind."""
    try:
        return rule_kind(rule).title(rule)
    except (KeyError, ValueError, ImportError):
        return str(rule.get_kind_display())


def rule_page(rule: AlertRule, asked: Stretch, given: Mapping[str, str], *, now: datetime) -> RulePage:
    """The rule as it stands, and asked of a stretch of the past; `given` are the fields of a variant."""
    alerts = Alert.objects.filter(rule=rule).select_related("incident").order_by("signal", "-changed_at", "id")
    changes = (
        AlertTransition.objects.filter(alert__rule=rule).select_related("alert", "incident").order_by("-at", "-id")
    )
    turns = [Turn(row, _why(rule, row)) for row in changes[:CHANGES]]
    shown = RulePage(rule, asks_of(rule), list(alerts[:FIRINGS]), turns, Trial({}), held=_held(rule))
    variant, trial = _variant(rule, given)
    try:
        found = compare([rule, *([variant] if variant else [])], start=asked.start, end=asked.end, now=now)
    except (Refused, KeyError, ValueError) as error:
        return _with(shown, trial=trial, problem=str(error))
    if variant:
        trial = Trial(given, (), found[1])
    columns = list(zip((_("this rule"), _("the variant")), found, strict=False))
    return _with(shown, trial=trial, result=found[0], chart=_chart(found[0]), columns=columns)


def _why(rule: AlertRule, row: AlertTransition) -> str:
    """As it was written down, for who reads the installation's language; for others what was seen, where that is a figure. Of
    what is over, why it is."""
    if row.to_state not in ACTIVE and row.value is not None:
        return told_as(rule, row.value, row.reason)
    if get_language() == settings.LANGUAGE_CODE:
        return row.reason
    return describe_value(rule, row.value) or row.reason


def _held(rule: AlertRule) -> list[str]:
    """Why nothing fired at its last look although it looked bad, a sentence for each group."""
    if rule.last_slot is None:
        return []
    quiet = Evaluation.objects.filter(rule=rule, slot=rule.last_slot, breached=False).exclude(reason="")
    return list(quiet.order_by("group").values_list("reason", flat=True)[:FINDINGS])


def _with(shown: RulePage, **changed: object) -> RulePage:
    fields = {name: getattr(shown, name) for name in RulePage.__slots__}
    return RulePage(**{**fields, **changed})


def _variant(rule: AlertRule, given: Mapping[str, str]) -> tuple[AlertRule | None, Trial]:
    """The rule with other numbers, if those make a rule."""
    if not given:
        return None, Trial({})
    variant, problems = copy(rule), []
    for name, text in given.items():
        try:
            number = float(text.replace(",", "."))
            value: object = timedelta(minutes=number) if name in MINUTES else number
            setattr(variant, MINUTES.get(name, name), int(number) if name == "minimum" else value)
        except (ValueError, OverflowError):
            problems.append(_("“%(text)s” is not a number.") % {"text": text})
    problems += list(rule_problems(variant).values()) if not problems else []
    return (None, Trial(given, problems)) if problems else (variant, Trial(given))


def _chart(found: Backtest) -> Chart:
    """What it saw, with what is usual where it knows, the threshold, and the model's incidents as bands; of groups those that
    fired longest.
    """
    rule, slots = found.rule, found.slots
    places = range(0, slots.count, -(-slots.count // POINTS))
    lines = [
        Line(
            part.target.group or asks_of(rule),
            [_point(part.answers, slots.at(place), place) for place in places],
            tone=tone,
            show_range=part.answers.low is not None and not part.target.group,
        )
        for part, tone in zip(found.parts, TONES, strict=False)
    ]
    end = slots.at(slots.count)
    measure = MEASURES.get(rule.watched)
    limit = rule.watched_limit
    return Chart(
        slug="rule",
        title=_("What it saw"),
        unit=measure.unit if measure and not rule.slo else "target",  # as many times, as far: of any size
        lines=lines,
        start=slots.at(0),
        end=end,
        bands=history.bands(rule_model(rule), start=slots.at(0), end=end),
        threshold=Threshold(limit, _("threshold")) if limit is not None else None,
    )


def _point(answers: Answers, at: datetime, place: int) -> Point:
    value, low, high = (
        None if row is None or isnan(row[place]) else float(row[place])
        for row in (answers.value, answers.low, answers.high)
    )
    n = int(answers.valid[place])
    return Point(at, value, n, low, high, "ok" if value is not None else "no_data")
