"""What the application may cost, take and use, how it stands, and when it did not keep to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lib import charts
from monitoring.catalogue import MEASURES
from monitoring.catalogue.base import LLM
from monitoring.models import Policy, PolicyEvent
from monitoring.policies.standing import Limit, Use, read_standing, users_over
from monitoring.stats.usage import NANO
from panel import format as write
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

RATES = (
    *("policy_violation_rate", "policy_latency_violation_rate", "policy_model_violation_rate"),
    *("policy_parameters_violation_rate", "policy_context_violation_rate"),
)
CHARTS = (Plotted(("policy_violation_rate",), ranged=True),)
EVENTS_SHOWN, USERS_SHOWN = 20, 100
CLOSE = 0.8


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit with its use: `tone` is ok, warn, bad or none; no meter where more is better or nothing is known."""

    name: str
    told: str
    tone: str
    meter: SafeString | None


@dataclass(frozen=True, slots=True)
class Card:
    """A policy with what it limits."""

    policy: Policy
    bars: list[Bar]
    asks: list[str]


@dataclass(frozen=True, slots=True)
class Event:
    """A window in which a policy was not kept to."""

    row: PolicyEvent
    told: str


@dataclass(frozen=True, slots=True)
class Policies:
    """What the tab shows."""

    cards: list[Card]
    events: list[Event]
    figures: list[Figure]
    charts: list[Chart]


def build(sight: Sight) -> Policies:
    """How the application stands now, and the range's rates."""
    policies = list(Policy.objects.filter(model=sight.model).select_related("model"))
    standing = read_standing(policies, now=sight.now)
    events = PolicyEvent.objects.filter(policy__model=sight.model).select_related("policy")[:EVENTS_SHOWN]
    return Policies(
        [Card(policy, _bars(policy, standing, sight), _asks(policy)) for policy in policies],
        [Event(event, _told(event)) for event in events],
        figures_of(sight, RATES) if policies else [],
        charts_of(sight, CHARTS) if policies else [],
    )


def _bars(policy: Policy, standing: Mapping[int, Sequence[Use]], sight: Sight) -> list[Bar]:
    bars = [_bar(policy, use) for use in standing[policy.pk]]
    if policy.max_cost_user_day_usd is not None:
        over = users_over(policy, now=sight.now, most=USERS_SHOWN)
        bound = write.money(float(policy.max_cost_user_day_usd))
        told = ngettext("%(n)s user of today is at %(bound)s", "%(n)s users of today are at %(bound)s", len(over)) % {
            "n": write.number(len(over)),
            "bound": bound,
        }
        if not over:
            told = _("no user of today is at %(bound)s") % {"bound": bound}
        else:
            words = {"told": told, "user": over[0][0], "cost": write.money(over[0][1] / NANO)}
            told = _("%(told)s; %(user)s has cost %(cost)s") % words
        bars.append(Bar(capfirst(str(Limit.COST_USER_DAY.label)), told, "bad" if over else "ok", None))
    return bars


def _bar(policy: Policy, use: Use) -> Bar:
    unit = (
        "ms"
        if use.limit == Limit.LATENCY
        else MEASURES[policy.quality_measure].unit
        if use.limit == Limit.QUALITY
        else "usd"
    )
    at_least = use.limit == Limit.QUALITY and policy.quality_comparison == Policy.Comparison.AT_LEAST
    words = {"value": write.figure(use.value, unit), "bound": write.figure(use.bound, unit)}
    told = (_("%(value)s; at least %(bound)s") if at_least else _("%(value)s of %(bound)s")) % words
    if use.over is None:
        return Bar(
            _name(policy, use), _("%(told)s: too little to say (n %(n)s)") % {"told": told, "n": use.n}, "none", None
        )
    if use.unpriced:
        told = _("%(told)s, and %(n)s calls without a known cost") % {"told": told, "n": write.number(use.unpriced)}
    share = (use.value or 0.0) / use.bound if use.bound and not at_least else None
    tone = "bad" if use.over else "warn" if share is not None and share >= CLOSE else "ok"
    meter = None if share is None else charts.meter(share, title=told, tone=tone)
    return Bar(_name(policy, use), told, tone, meter)


def _name(policy: Policy, use: Use) -> str:
    if use.limit == Limit.QUALITY:
        return capfirst(str(MEASURES[policy.quality_measure].label))
    return capfirst(
        _("response time, 95th percentile of 15 minutes") if use.limit == Limit.LATENCY else str(use.limit.label)
    )


def _asks(policy: Policy) -> list[str]:
    """What it asks of each call, a line each."""
    lines = []
    if policy.allowed_models:
        lines.append(_("models: %(names)s") % {"names": ", ".join(policy.allowed_models)})
    for name, bounds in policy.parameters.items():
        lines.append(f"{name}: {bounds.get('min', '')}…{bounds.get('max', '')}")
    if policy.allowed_parameters:
        lines.append(_("parameters: %(names)s") % {"names": ", ".join(policy.allowed_parameters)})
    if policy.required_context:
        lines.append(_("must name: %(names)s") % {"names": ", ".join(policy.required_context)})
    return lines


def _told(event: PolicyEvent) -> str:
    """How often, how far."""
    if event.limit in {Limit.LATENCY, Limit.MODEL, Limit.PARAMETERS, Limit.CONTEXT}:
        words = {"n": write.number(event.count), "share": write.percent(event.value)}
        told = ngettext("%(n)s call, %(share)s of those judged", "%(n)s calls, %(share)s of those judged", event.count)
        return told % words
    if event.limit == Limit.QUALITY:
        return _("%(value)s against %(bound)s") % {
            "value": write.number(event.value, 3),
            "bound": write.number(event.bound, 3),
        }
    words = {"value": write.money(event.value), "bound": write.money(event.bound)}
    told = _("%(value)s of %(bound)s") % words
    if event.limit == Limit.COST_USER_DAY:
        told_of = ngettext("%(n)s user; %(user)s: %(told)s", "%(n)s users; %(user)s: %(told)s", event.count)
        return told_of % {
            "n": write.number(event.count),
            "user": event.subject,
            "told": told,
        }
    return told


TAB = Tab("policies", gettext_lazy("Policies"), LLM, build)
