"""What every kind of rule answers, and the two questions that all of them ask first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _

from alerting.models import AlertRule
from alerting.states import Seen
from models_registry.models import Model
from monitoring.selectors.summaries import Ask
from monitoring.stats.tally import Subject, Tally


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer to a rule's question: `window_s` seconds before `window_end` were read and compared with `limit`."""

    seen: Seen
    window_end: datetime
    severity: str
    value: float | None = None
    good: int | None = None
    valid: int | None = None
    reason: str = ""
    window_s: int = 0
    limit: float = 0.0


class RuleKind(Protocol):
    """A way to put a question: one class in one file. What many rules ask for is read together, then each is judged."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """Field to a sentence that names the mend; empty when the rule can be asked and could fire."""

    def question(self, rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime) -> Ask:
        """The windows that the rule looks at. Raises when the rule itself is broken."""

    def judge(self, rule: AlertRule, subject: Subject, seen: Sequence[Tally]) -> Judgement:
        """The answer, from what was read for the question. Reads nothing."""

    def title(self, rule: AlertRule) -> str:
        """What it asks, as the title of an incident, in the active language."""

    def describe(self, rule: AlertRule, value: float) -> str:
        """A value it saw, with its unit, in the active language."""

    def divisible(self, rule: AlertRule) -> bool:
        """Whether a part of the window can be compared with the limit of the whole."""

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """Between neighbouring edges, by how much the events pass the limit, weighted by their number."""


def rule_model(rule: AlertRule) -> Model:
    """The model a rule is about: its own or its SLO's."""
    model = rule.slo.model if rule.slo is not None else rule.model
    if model is None:
        message = _("Rule %(rule)s is about no model: choose a model or an SLO.") % {"rule": rule.slug}
        raise ValueError(message)
    return model


def environment_of(rule: AlertRule) -> str:
    """The environment a rule looks at."""
    return rule.slo.environment if rule.slo is not None else rule.environment
