"""What every kind of rule answers, and the two questions that all of them ask first."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from alerting.models import AlertRule, Severity
from alerting.states.machine import SEEN, Seen
from models_registry.models import Model
from monitoring.selectors.groups import WHOLE, Group
from monitoring.selectors.history import Question
from monitoring.selectors.summaries import Scope
from monitoring.slo.composites import subjects_with
from monitoring.slo.windows import WindowsAsk
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.windows import Floats, Integers, Windows

SEVERITIES: Final = tuple(Severity.values)
BREACHED, FINE, BETWEEN, NO_DATA = (SEEN.index(one) for one in (Seen.BREACHED, Seen.FINE, Seen.BETWEEN, Seen.NO_DATA))


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer to a rule's question: `window_s` seconds before `window_end` were read and compared with `limit`.

    `part` is the group that it is about.
    """

    seen: Seen
    window_end: datetime
    severity: str
    value: float | None = None
    good: int | None = None
    valid: int | None = None
    reason: str = ""
    window_s: int = 0
    limit: float = 0.0
    part: Group = WHOLE


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers at many instants: what was seen (places in `SEEN`), the value (NaN for none), how many events it rests
    on, the severity (places in `SEVERITIES`); and the whole judgement of any instant, when somebody asks for it.
    """

    seen: Integers
    value: Floats
    valid: Integers
    severity: Integers
    of: Callable[[int], Judgement]
    # Between these a value is usual, where the kind knows.
    low: Floats | None = None
    high: Floats | None = None
    # Where it would have been a breach, had there been enough bad events; where the kind has such a guard.
    held: NDArray[np.bool_] | None = None


def answers_of(judgements: Sequence[Judgement]) -> Answers:
    """Of a kind that judges instant by instant."""
    values = [math.nan if one.value is None else one.value for one in judgements]
    return Answers(
        seen=np.array([SEEN.index(one.seen) for one in judgements], dtype=np.int64),
        value=np.array(values, dtype=np.float64),
        valid=np.array([one.valid or 0 for one in judgements], dtype=np.int64),
        severity=np.array([SEVERITIES.index(one.severity) for one in judgements], dtype=np.int64),
        of=judgements.__getitem__,
    )


def judge_each(judge: Callable[[Sequence[Tally]], Judgement], windows: Windows) -> Answers:
    """Judge the windows of every instant. Where nothing came and nothing left since the instant before, its judgement stands."""
    judgements: list[Judgement] = []
    last: Sequence[Tally] = ()
    for parts in windows.tallies():
        if last and _holds_the_same(parts, last):
            judgements.append(replace(judgements[-1], window_end=parts[-1].end))
        else:
            judgements.append(judge(parts))
        last = parts
    return answers_of(judgements)


def _holds_the_same(parts: Sequence[Tally], last: Sequence[Tally]) -> bool:
    pairs = zip(parts, last, strict=True)
    return all(
        one.cells is other.cells
        and len(one.past) == len(other.past)
        and all(past.cells is before.cells for past, before in zip(one.past, other.past, strict=True))
        for one, other in pairs
    )


@dataclass(frozen=True, slots=True)
class BeatsAsked:
    """The heartbeats of a rule, until each instant."""

    rule_id: int | None
    until: Integers


@dataclass(frozen=True, slots=True)
class Beats:
    """When the newest heartbeat came that each instant knows, -1 for none (epoch seconds)."""

    until: Integers
    last: Integers

    def __len__(self) -> int:
        return len(self.until)


@dataclass(frozen=True, slots=True)
class MembersAsked:
    """Whether other rules of the project fire, at each instant."""

    project_id: int
    slugs: tuple[str, ...]
    until: Integers


@dataclass(frozen=True, slots=True)
class Members:
    """By slug, per instant: 1 fires, 0 does not, NaN nobody can tell."""

    until: Integers
    fires: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.until)


Asked = Question | WindowsAsk | BeatsAsked | MembersAsked


def model_problems(rule: AlertRule, needed: str) -> dict[str, str]:
    """What is wrong with the one model that a rule watches; `needed` is the sentence where there is none."""
    if rule.model is None:
        return {"model": needed}
    if rule.model.project_id != rule.project_id:
        return {"model": _("This model belongs to another project.")}
    return {}


class RuleKind(Protocol):
    """A way to put a question: one class in one file. What many rules ask for is read together, then each is judged.

    It answers for one instant or for many by the same code: a replay of the past is judged as the present is.
    """

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """Field to a sentence that names the mend; empty when the rule can be asked and could fire."""

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Asked:
        """What the rule looks at, where the drain has come so far (epoch seconds, one per instant). Raises when the rule
        itself is broken.
        """

    def judge(self, rule: AlertRule, subject: Subject, seen: Any) -> Answers:
        """The answers, from what was read for the question: `Windows`, `ObjectiveWindows`, `Beats` or
        `Members`. Reads nothing."""

    def title(self, rule: AlertRule) -> str:
        """What it asks, as the title of an incident, in the active language."""

    def describe(self, rule: AlertRule, value: float) -> str:
        """A value it saw, with its unit, in the active language."""

    def divisible(self, rule: AlertRule) -> bool:
        """Whether a part of the window can be compared with the limit of the whole."""

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """Between neighbouring edges, by how much the events of the group that was judged pass the limit, weighted by their
        number.
        """


class Indivisible:
    """A kind for whose question a part of the window says nothing: where its impact began is not asked."""

    def divisible(self, rule: AlertRule) -> bool:
        """Never."""
        return False

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """Nothing to compare."""
        return [0.0 for _edge in edges[1:]]


def rule_model(rule: AlertRule) -> Model:
    """The model a rule is about: its own or its SLO's."""
    model = rule.slo.model if rule.slo is not None else rule.model
    if model is None:
        message = _("Rule %(rule)s is about no model: choose a model or an SLO.") % {"rule": rule.slug}
        raise ValueError(message)
    return model


def rule_subjects(rules: Iterable[AlertRule]) -> list[Subject | None]:
    """What reading needs to know of what each is about, in their order; None of a rule about nothing. As many queries for any
    number of rules as for one.
    """
    rules = list(rules)
    own = [rule.model for rule in rules if rule.slo is None and rule.model is not None]
    promised, known = subjects_with((rule.slo for rule in rules if rule.slo is not None), own)
    found = iter(promised)
    return [next(found) if rule.slo is not None else known.get(rule.model_id or 0) for rule in rules]


def rule_subject(rule: AlertRule) -> Subject:
    """The same of one; `ValueError` where it is about nothing."""
    rule_model(rule)
    [found] = rule_subjects([rule])
    if found is None:
        raise ValueError(rule.slug)
    return found


def environment_of(rule: AlertRule) -> str:
    """The environment a rule looks at."""
    return rule.slo.environment if rule.slo is not None else rule.environment


def moment(epoch_s: int) -> datetime:
    """An instant of an array."""
    return datetime.fromtimestamp(int(epoch_s), tz=UTC)


def scope_of(rule: AlertRule, part: Group = WHOLE) -> Scope:
    """All versions of the model, or a part of it, in the rule's environment."""
    model = rule_model(rule)
    return Scope(model.project_id, model.pk, part.version_id, environment_of(rule), part.segment)
