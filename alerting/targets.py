"""Which alerts a rule has: one, or one per version or segment of its model."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from alerting.identity import fingerprint
from alerting.kinds.base import Asked, environment_of, rule_model
from alerting.models import AlertRule
from models_registry.models import ModelVersion
from monitoring.models import Series
from monitoring.objective_windows import WindowsAsk
from monitoring.selectors.history import Question

MOST: Final = 50
VERSION: Final = "version"


@dataclass(frozen=True, slots=True)
class Target:
    """One alert of a rule: `group` names it ("region=south", "version=3"), empty where there is only one."""

    labels: Mapping[str, str]
    group: str = ""
    version_id: int | None = None
    segment: str = ""

    @property
    def fingerprint(self) -> str:
        """Of the labels."""
        return _fingerprint(tuple(sorted(self.labels.items())))

    def narrow(self, question: Asked) -> Asked:
        """The question about this group alone."""
        narrower = {"segment": self.segment} if self.segment else {"version_id": self.version_id}
        if self.group and isinstance(question, WindowsAsk):
            return replace(question, book=replace(question.book, **narrower))
        if self.group and isinstance(question, Question):
            return replace(question, scope=replace(question.scope, **narrower))
        return question


@cache
def _fingerprint(labels: tuple[tuple[str, str], ...]) -> str:
    return fingerprint(dict(labels))


def labels_of(rule: AlertRule) -> dict[str, str]:
    """What every alert of the rule is labelled with; a person's labels do not replace the rule's own."""
    return {
        **_own(rule),
        "project": rule.project.slug,
        "rule": rule.slug,
        "model": rule_model(rule).slug,
        "environment": environment_of(rule),
        "slo": rule.slo.slug if rule.slo else "",
    }


def _own(rule: AlertRule) -> dict[str, str]:
    given = rule.labels if isinstance(rule.labels, dict) else {}
    return {str(name): str(text) for name, text in given.items()}


def targets_of(rules: Iterable[AlertRule]) -> dict[int, list[Target]]:
    """The alerts of each rule, by id: at most two statements for any number of rules, none where nobody groups.

    A rule has at most `MOST`, the newest versions or the first segments by name.
    """
    rules = list(rules)
    grouped = [rule for rule in rules if rule.group_by]
    versions = _versions(rule for rule in grouped if rule.group_by == VERSION)
    segments = _segments(rule for rule in grouped if rule.group_by != VERSION)
    return {rule.pk: _targets(rule, versions, segments)[:MOST] for rule in rules}


def _targets(
    rule: AlertRule, versions: Mapping[int, list[tuple[int, str]]], segments: Mapping[int, list[str]]
) -> list[Target]:
    labels, key = labels_of(rule), rule.group_by
    if not key:
        return [Target(labels)]
    model_id = rule_model(rule).pk
    if key == VERSION:
        return [
            Target({**labels, VERSION: name}, f"{VERSION}={name}", version_id=number)
            for number, name in versions[model_id]
        ]
    found = [segment for segment in segments[model_id] if segment.startswith(f"{key}=")]
    return [Target({**labels, key: segment.partition("=")[2]}, segment, segment=segment) for segment in found]


def _versions(rules: Iterable[AlertRule]) -> Mapping[int, list[tuple[int, str]]]:
    models = {rule_model(rule).pk for rule in rules}
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    if models:
        rows = ModelVersion.objects.filter(model__in=models).order_by("-id")
        for model_id, number, name in rows.values_list("model_id", "id", "version"):
            found[model_id].append((number, name))
    return found


def _segments(rules: Iterable[AlertRule]) -> Mapping[int, list[str]]:
    models = {rule_model(rule).pk for rule in rules}
    found: defaultdict[int, list[str]] = defaultdict(list)
    if models:
        rows = Series.objects.filter(version__model__in=models).exclude(segment="").distinct().order_by("segment")
        for model_id, segment in rows.values_list("version__model_id", "segment"):
            found[model_id].append(segment)
    return found
