"""A rule over other rules: all of them fire, any, or one does not.

Whether a member fires is told by its alerts. Where it cannot tell, neither can the composite, unless the others decide
(Kleene's logic): "any" is true as soon as one fires, "all" false as soon as one does not.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _

from alerting.kinds.base import (
    BREACHED,
    FINE,
    NO_DATA,
    SEVERITIES,
    Answers,
    Judgement,
    Members,
    MembersAsked,
    model_problems,
    moment,
    rule_model,
)
from alerting.models import AlertRule
from alerting.states.machine import SEEN, Seen
from monitoring.stats.tally import Subject
from monitoring.stats.windows import Floats, Integers

EXAMPLE: Final = '{"all": ["error-rate", {"not": "deploying"}]}'
DEEPEST: Final = 5
MOST: Final = 20


class Composite:
    """All, any or not, over slugs of rules of the same project; not over other composites."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """A well-formed expression over rules that exist."""
        problems = model_problems(rule, _("A composite speaks of one model: choose it."))
        if rule.model is None:
            return problems
        if rule.group_by:
            problems["group_by"] = _("A composite has one alert: leave this empty.")
        if not _is_formed(rule.expression):
            problems["expression"] = _("Write slugs of rules under all, any or not, such as %(example)s.") % {
                "example": EXAMPLE
            }
            return problems
        slugs = set(members_of(rule.expression))
        known = AlertRule.objects.filter(project=rule.project_id, slug__in=slugs).exclude(kind=AlertRule.Kind.COMPOSITE)
        unknown = slugs - set(known.values_list("slug", flat=True))
        if unknown or len(slugs) > MOST:
            problems["expression"] = _(
                "At most %(most)d rules of this project that are no composites; not so: %(unknown)s."
            ) % {"most": MOST, "unknown": ", ".join(sorted(unknown)) or len(slugs)}
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> MembersAsked:
        """Its members."""
        return MembersAsked(rule.project_id, tuple(sorted(set(members_of(rule.expression)))), until)

    def judge(self, rule: AlertRule, subject: Subject, seen: Members) -> Answers:
        """The value is 1 where it holds."""
        value = _value(rule.expression, seen.fires, len(seen))
        found = np.where(np.isnan(value), NO_DATA, np.where(value > 0, BREACHED, FINE))

        def tell(place: int) -> Judgement:
            state = SEEN[found[place]]
            firing = [slug for slug, fires in seen.fires.items() if fires[place] == 1]
            blind = [slug for slug, fires in seen.fires.items() if np.isnan(fires[place])]
            reason = ""
            if state == Seen.BREACHED:
                reason = _("firing: %(rules)s") % {"rules": ", ".join(firing) or _("none")}
            elif state == Seen.NO_DATA:
                reason = _("Cannot be told, because of: %(rules)s") % {"rules": ", ".join(blind)}
            known = None if np.isnan(value[place]) else float(value[place])
            return Judgement(state, moment(seen.until[place]), rule.severity, known, reason=reason)

        severity = np.full(len(found), SEVERITIES.index(rule.severity))
        return Answers(found, value, np.zeros(len(found), dtype=np.int64), severity, tell)

    def title(self, rule: AlertRule) -> str:
        """The rule's name says what comes together."""
        return _("%(rule)s (%(model)s)") % {"rule": rule, "model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """Whether it holds."""
        return _("the rules it is made of say so") if value else _("the rules it is made of do not say so")

    def divisible(self, rule: AlertRule) -> bool:
        """There are no parts."""
        return False

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """Not asked: it is not divisible."""
        return [0.0 for _edge in edges[1:]]


def members_of(expression: Any) -> Iterator[str]:
    """The slugs in an expression."""
    if isinstance(expression, str):
        yield expression
    elif isinstance(expression, Mapping):
        for part in expression.values():
            yield from members_of(part)
    elif isinstance(expression, list):
        for part in expression:
            yield from members_of(part)


def _is_formed(expression: Any, depth: int = 0) -> bool:
    if not isinstance(expression, Mapping) or len(expression) != 1 or depth > DEEPEST:
        return False
    [(word, parts)] = expression.items()
    if word == "not":
        parts = [parts]
    elif word not in ("all", "any") or not isinstance(parts, list) or not parts:
        return False
    return all((isinstance(part, str) and part) or _is_formed(part, depth + 1) for part in parts)


def _value(expression: Any, fires: Mapping[str, Floats], count: int) -> Floats:
    """1, 0 or NaN at each instant."""
    if isinstance(expression, str):
        return fires.get(expression, np.full(count, np.nan))
    [(word, parts)] = expression.items()
    if word == "not":
        return np.asarray(1 - _value(parts, fires, count))
    values = np.stack([_value(part, fires, count) for part in parts])
    blind = np.isnan(values).any(axis=0)
    if word == "any":
        return np.where((values == 1).any(axis=0), 1.0, np.where(blind, np.nan, 0.0))
    return np.where((values == 0).any(axis=0), 0.0, np.where(blind, np.nan, 1.0))


KIND = Composite()
