"""Files that test rules, in the shape of `promtool test rules`: written series and what must fire when; and past ranges.

Definitions that a file names are applied as `apply` does, for the time of the test, and then taken back.
"""

import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from alerting.backtest.notation import NotationError
from alerting.backtest.past import MOST, Backtest, compare
from alerting.backtest.rehearse import BEGINS, Rehearsal, Told, read_told, rehearse
from alerting.errors import Refused
from alerting.evaluate.slots import interval_of
from alerting.models import AlertRule
from alerting.states.machine import State
from alerting.states.replay import Slots
from alerting.validate import rule_problems
from config.definitions.apply import apply_document
from config.definitions.document import DefinitionError, Section, read_document
from models_registry.durations import read_duration
from models_registry.models import LONGEST, Project
from monitoring.selectors.event_filters import FilterError, read_moment

MINUTE: Final = timedelta(minutes=1)
TOP: Final = ("rule_files", "project", "evaluation_interval", "tests", "backtests")
TEST: Final = ("name", "interval", "input_series", "alert_rule_test")
EXPECTED: Final = ("firings", "caught", "missed", "false_alarms", "pages", "pages_at_night")
VARIED: Final = {
    "threshold": "threshold",
    "recovery": "recovery",
    "minimum": "minimum",
    "window": "window",
    "for": "for_duration",
    "keep_firing_for": "keep_firing_for",
}
LASTS: Final = frozenset({"window", "for", "keep_firing_for"})


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation: where it stands, what was asked, what was expected and found; the same text where it holds."""

    line: int
    name: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        """Whether what was found was expected."""
        return self.expected == self.found


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule asked of a past range, and a variant beside it."""

    rule: str
    start: datetime
    end: datetime
    figures: Mapping[str, Any]
    variant: Mapping[str, Any] | None = None


@dataclass
class Outcome:
    """All of a file."""

    path: Path
    checks: list[Check] = field(default_factory=list)
    backtests: list[Asked] = field(default_factory=list)

    @property
    def failed(self) -> list[Check]:
        """Expectations that do not hold."""
        return [one for one in self.checks if not one.holds]


class FileError(Exception):
    """What is wrong with the file, and the line."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def run_file(path: Path, *, now: datetime) -> Outcome:
    """Play a file; `DefinitionError` with the line where it cannot be played. Nothing is kept."""
    document = read_document(path)
    outcome = Outcome(path)
    try:
        with transaction.atomic():
            _Player(path, document, outcome, now).play()
            transaction.set_rollback(True)
    except FileError as error:
        raise DefinitionError([f"{path}:{error.line}: {error}"]) from error
    return outcome


@dataclass
class _Player:
    path: Path
    document: Section
    outcome: Outcome
    now: datetime
    rules: dict[str, AlertRule] = field(default_factory=dict)

    def play(self) -> None:
        _known(self.document, TOP)
        project = self._project()
        rows = AlertRule.objects.filter(project=project).select_related("project", "slo__model", "model", "policy")
        self.rules = {rule.slug: rule for rule in rows}
        for test in _sections(self.document, "tests"):
            self._test(test)
        for asked in _sections(self.document, "backtests"):
            self._backtest(asked)

    def _project(self) -> Project:
        """That of the rule files, which are applied; else the one that the file names."""
        slugs = [str(self.document["project"])] if "project" in self.document else []
        for name in _list(self.document, "rule_files"):
            file = self.path.parent / str(name)
            document = read_document(file)
            apply_document(file, document, now=self.now)
            named = document.get("project")
            slugs.append(str(named.get("slug")) if isinstance(named, Section) else str(named))
        project = Project.objects.filter(slug=slugs[0]).first() if slugs else None
        if project is None:
            line = self.document.lines.get("project", 1)
            text = "name the project whose rules are tested, or rule_files that define it"
            raise FileError(line, text)
        return project

    def _test(self, test: Section) -> None:
        _known(test, TEST)
        interval = _duration(test, "interval", MINUTE)
        if interval % MINUTE:
            raise FileError(test.lines["interval"], "events are kept by the minute: write whole minutes, such as 1m")
        told = [_told(one) for one in _sections(test, "input_series")]
        for asked in _sections(test, "alert_rule_test"):
            self._alert(str(test.get("name", f"line {test.line}")), asked, told, interval)

    def _alert(self, name: str, asked: Section, told: Sequence[Told], interval: timedelta) -> None:
        _known(asked, ("eval_time", "alertname", "exp_alerts"))
        rule = self._rule(asked, "alertname")
        at = _duration(asked, "eval_time", None)
        step = _duration(self.document, "evaluation_interval", interval_of(rule))
        place = at // step
        if place >= MOST:
            raise FileError(asked.lines["eval_time"], f"that would be {place + 1} evaluations; at most {MOST} are made")
        slots = Slots(BEGINS, step, place + 1)
        try:
            found = rehearse(rule, told, interval=interval, slots=slots, known=self.rules)
        except (KeyError, ValueError) as error:
            raise FileError(asked.line, f"{rule.slug} cannot be asked: {error}") from error
        self.outcome.checks.append(_compared(name, asked, found, place))

    def _backtest(self, asked: Section) -> None:
        _known(asked, ("rule", "from", "to", "variant", "expect"))
        rule = self._rule(asked, "rule")
        start, end = (_moment(asked, name) for name in ("from", "to"))
        variant = _variant(rule, asked)
        try:
            found = compare([rule, *([variant] if variant else [])], start=start, end=end, now=self.now)
        except (Refused, KeyError, ValueError) as error:
            raise FileError(asked.line, f"{rule.slug} cannot be asked: {error}") from error
        figures = [_figures(one) for one in found]
        self.outcome.backtests.append(Asked(rule.slug, start, end, figures[0], figures[1] if variant else None))
        # What is expected, is expected of the variant where there is one.
        expected = asked.get("expect", Section())
        if not isinstance(expected, Section):
            raise FileError(asked.lines["expect"], f"write figures by name: {', '.join(EXPECTED)}")
        _known(expected, EXPECTED)
        for name, value in expected.items():
            shown = f"{rule.slug}, {'variant, ' if variant else ''}{name}"
            self.outcome.checks.append(Check(expected.lines[name], shown, str(value), str(figures[-1][name])))

    def _rule(self, asked: Section, name: str) -> AlertRule:
        slug = str(asked.get(name, ""))
        if slug not in self.rules:
            text = f"there is no rule {slug!r}; there are {', '.join(sorted(self.rules)) or 'none'}"
            raise FileError(asked.lines.get(name, asked.line), text)
        return self.rules[slug]


def _compared(name: str, asked: Section, found: Rehearsal, place: int) -> Check:
    """Every label that is expected must be so; of others nothing is said."""
    wanted = _sections(asked, "exp_alerts")
    about = f"{name}: {found.rule.slug} at {asked['eval_time']}"
    fires = found.state_at(place) == State.FIRING
    if not wanted or not fires:
        state = found.state_at(place).value
        return Check(
            asked.line, about, "firing" if wanted else "not firing", "firing" if fires else _quiet(wanted, state)
        )
    labels = found.labels_at(place)
    for one in wanted:
        _known(one, ("exp_labels", "exp_annotations"))
    expected = [{str(key): str(text) for key, text in (one.get("exp_labels") or {}).items()} for one in wanted]
    seen = [{key: labels.get(key, "") for key in one} for one in expected]
    notes = [str(one["exp_annotations"].get("summary", "")) for one in wanted if one.get("exp_annotations")]
    summary = [str(found.rule.summary) for _ in notes]
    return Check(asked.line, about, _shown(expected, notes), _shown(seen[:1], summary))


def _quiet(wanted: Sequence[Section], state: str) -> str:
    return state if wanted else "not firing"


def _shown(labels: Sequence[Mapping[str, str]], notes: Sequence[str]) -> str:
    alerts = ", ".join("{" + ", ".join(f'{key}="{one[key]}"' for key in sorted(one)) + "}" for one in labels)
    return " ".join(["firing", alerts, *notes])


def _figures(found: Backtest) -> dict[str, Any]:
    return {
        "firings": len(found.firings),
        "time_in_firing_s": found.firing_s,
        "caught": [one.number for one in found.caught],
        "missed": [one.number for one in found.missed],
        "false_alarms": len(found.false_alarms),
        "pages": len(found.pages),
        "pages_at_night": len(found.pages_at_night),
        "with_hindsight": found.with_hindsight,
    }


def _variant(rule: AlertRule, asked: Section) -> AlertRule | None:
    given = asked.get("variant")
    if given is None:
        return None
    if not isinstance(given, Section):
        raise FileError(asked.lines["variant"], f"write fields that differ: {', '.join(VARIED)}")
    _known(given, tuple(VARIED))
    variant = copy(rule)
    for name in given:
        value = _duration(given, name, None) if name in LASTS else _number(given, name)
        setattr(variant, VARIED[name], int(value) if name == "minimum" and isinstance(value, float) else value)
    if problems := rule_problems(variant):
        raise FileError(given.line, " ".join(problems.values()))
    return variant


def _told(one: Section) -> Told:
    _known(one, ("series", "values"))
    try:
        return read_told(str(one.get("series", "")), str(one.get("values", "")))
    except NotationError as error:
        raise FileError(one.line, str(error)) from error


def _known(section: Section, allowed: Sequence[str]) -> None:
    for name in section:
        if name not in allowed:
            raise FileError(section.lines[name], f"{name!r} is not known here; there are {', '.join(allowed)}")


def _list(section: Section, name: str) -> list[Any]:
    found = section.get(name) or []
    if not isinstance(found, list):
        raise FileError(section.lines[name], f"{name} is a list")
    return found


def _sections(section: Section, name: str) -> list[Section]:
    found = _list(section, name)
    if not all(isinstance(one, Section) for one in found):
        raise FileError(section.lines[name], f"{name} is a list of mappings")
    return found


def _duration(section: Section, name: str, unless: timedelta | None) -> timedelta:
    """`90s`, `5m`, `1h30m`; a bare 0 is none at all."""
    if name not in section and unless is not None:
        return unless
    seconds = read_duration(str(section.get(name, "")).replace(" ", ""))
    if seconds is None:
        raise FileError(section.lines.get(name, section.line), f"{name} is a duration such as 90s, 5m or 1h30m")
    if seconds > LONGEST.total_seconds() or (unless is not None and not seconds):
        raise FileError(section.lines[name], f"{name} is more than nothing and at most ten years")
    return timedelta(seconds=seconds)


def _number(section: Section, name: str) -> float:
    value = section[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
        raise FileError(section.lines[name], f"{name} is a number")
    return float(value)


def _moment(section: Section, name: str) -> datetime:
    given = section.get(name, "")
    text = re.sub(r"(\d) (\d)", r"\1T\2", given.isoformat() if isinstance(given, datetime) else str(given))
    try:
        found = read_moment(name, text, local=True)
    except FilterError as error:
        raise FileError(section.lines.get(name, section.line), f"{name}: {error}") from error
    if found is None:
        raise FileError(section.line, f'write when the range begins and ends, such as {name}: "2026-03-10T12:00:00Z"')
    return found
