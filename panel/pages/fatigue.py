"""What alerts cost people: by rule and by reader; and of one rule what would spare them, each beside the rule as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.duration import duration_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerting.fatigue.count import Fatigue
from alerting.fatigue.propose import Advice, Figures, Proposal, advise
from alerting.fatigue.read import ReaderLine, Report, RuleLine, fatigue_report
from alerting.models import AlertRule, Incident
from alerting.notify.decisions import name_of
from models_registry.models import Project
from panel import format as write
from panel.pages.ranges import Range

MINUTE: Final = timedelta(minutes=1)
SHOWN: Final = 20
FIELDS: Final = {"for": "for_duration", "window": "window"}


@dataclass(frozen=True, slots=True)
class Precision:
    """What reviews say of a rule: `text` is a share, or that too few were judged to say one."""

    text: str
    detail: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line of either table; `held_back` are reasons with their counts, the most frequent first."""

    told: Fatigue
    held_back: Sequence[tuple[str, int]]
    precision: Precision


@dataclass(frozen=True, slots=True)
class RuleRow(Row):
    """A rule; `hint` is what a longer `for` would have spared, in words."""

    rule: AlertRule
    hint: str


@dataclass(frozen=True, slots=True)
class ReaderRow(Row):
    """A person, or a channel that is nobody's own."""

    line: ReaderLine


@dataclass(frozen=True, slots=True)
class FatiguePage:
    """The report of a project."""

    rules: Sequence[RuleRow]
    readers: Sequence[ReaderRow]
    quiet: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal in words, with its backtest; `query` opens the rule's page with it as a variant, `filled` the rule's form with it in."""

    title: str
    detail: str
    figures: Figures
    lost: Sequence[Incident]
    more_lost: int
    query: str
    filled: str


@dataclass(frozen=True, slots=True)
class RuleFatiguePage:
    """One rule: its line of the report, what it would have done as it is, and what is proposed."""

    row: RuleRow
    advice: Advice
    offers: Sequence[Offer]

    @property
    def columns(self) -> list[tuple[str, Figures]]:
        """The rule as it is beside every proposal."""
        base = self.advice.figures
        mine = [(_("this rule"), base)] if base else []
        return [*mine, *((one.title, one.figures) for one in self.offers)]


def fatigue_page(project: Project, span: Range, *, now: datetime) -> FatiguePage:
    """Over the range; what hurts most comes first."""
    report = _report(project, span, now=now)
    return FatiguePage(
        [_rule_row(one) for one in report.rules], [_reader_row(one) for one in report.readers], report.quiet
    )


def rule_fatigue_page(rule: AlertRule, span: Range, *, now: datetime) -> RuleFatiguePage:
    """One rule over the range, with proposals asked of the same past."""
    report = _report(rule.project, span, now=now)
    line = report.line(rule)
    advice = advise(report, line, now=now)
    return RuleFatiguePage(_rule_row(line), advice, [_offer(one, span, advice) for one in advice.proposals])


def _report(project: Project, span: Range, *, now: datetime) -> Report:
    return fatigue_report(project, start=now - span.length, end=now)


def _rule_row(line: RuleLine) -> RuleRow:
    return RuleRow(line.told, _held_back(line.told), _precision(line.told), line.rule, _hint(line))


def _reader_row(line: ReaderLine) -> ReaderRow:
    return ReaderRow(line.told, _held_back(line.told), _precision(line.told), line)


def _held_back(told: Fatigue) -> list[tuple[str, int]]:
    counted = [(name_of(code), count) for code, count in told.held_back.items()]
    return sorted(counted, key=lambda one: (-one[1], one[0]))


def _precision(told: Fatigue) -> Precision:
    """A share with its interval from five verdicts on; below, what there is, and that it is too little."""
    found = told.precision
    if not told.judged:
        return Precision(write.DASH, _("no verdicts"), is_known=False)
    count = _("%(useful)d of %(n)d") % {"useful": told.useful, "n": told.judged}
    if not told.is_judged:
        return Precision(count, _("too few to say"), is_known=False)
    interval = f"{write.percent(found.low, 0)}–{write.percent(found.high, 0)}"
    return Precision(write.percent(found.value, 0), f"{interval} · {count}", is_known=True)


def _hint(line: RuleLine) -> str:
    known = line.spared
    if known is None:
        return ""
    return _("“for” of %(hold)s would have spared %(spared)d of %(n)d firings") % {
        "hold": write.span(known.hold),
        "spared": known.spared,
        "n": known.n,
    }


def _offer(one: Proposal, span: Range, advice: Advice) -> Offer:
    title, query, filled = _("without it"), "", "enabled="
    if one.value is not None:
        named = {"for": _("for %(span)s"), "window": _("window of %(span)s")}
        title = named[one.what] % {"span": write.span(one.value)}
        query = f"range={span.key}&{one.what}={one.value / MINUTE:g}"
        filled = f"{FIELDS[one.what]}={duration_string(one.value)}"
    more = max(0, len(one.lost) - SHOWN)
    return Offer(title, _detail(one, advice), one.figures, one.lost[:SHOWN], more, query, filled)


def _detail(one: Proposal, advice: Advice) -> str:
    if one.what == "retire":
        return _("Retire it: nobody ever acted upon it, or reviews call most of it noise.")
    before = advice.figures.firings if advice.figures else 0
    spared = before - one.figures.firings
    what = {"for": _("Wait longer before anybody is told"), "window": _("Look at a longer window")}[one.what]
    told = ngettext("%(n)d firing less", "%(n)d firings less", spared) % {"n": spared}
    return f"{what}: {told}."
