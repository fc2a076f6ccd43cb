"""Which alerts a rule has: one, or one per version or segment of its model, or of those of a composite's components."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from alerting.evaluate.groupings import grouping_wrongs
from alerting.kinds.base import Asked, environment_of, rule_model
from alerting.labels.identity import fingerprint
from alerting.models import AlertRule
from monitoring.selectors.groups import WHOLE, Group, Groups, Whose, read_groups
from monitoring.selectors.history import Question
from monitoring.slo.composites import counted_models
from monitoring.slo.groups import ask_group
from monitoring.slo.windows import WindowsAsk


@dataclass(frozen=True, slots=True)
class Target:
    """One alert of a rule, about a part of its model, or about the whole."""

    labels: Mapping[str, str]
    part: Group = WHOLE
    wrong: str = ""  # why there is nothing to be asked

    @property
    def group(self) -> str:
        """Names it ("region=south", "version=3"); empty where there is only one."""
        return self.part.name

    @property
    def fingerprint(self) -> str:
        """Of the labels."""
        return _fingerprint(tuple(sorted(self.labels.items())))

    def check(self) -> None:
        """Raise where the rule has no groups to ask about."""
        if self.wrong:
            raise ValueError(self.wrong)

    def narrow(self, question: Asked) -> Asked:
        """The question about this group alone. Raises where there are no groups."""
        self.check()
        if self.group and isinstance(question, WindowsAsk):
            return replace(question, book=ask_group(question.book, self.part))
        if self.group and isinstance(question, Question):
            narrower = replace(question.scope, version_id=self.part.version_id, segment=self.part.segment)
            return replace(question, scope=narrower)
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
    """The alerts of each rule, by id: at most four statements for any number of rules, for versions, segments, declared keys, and
    components that were not read; none where nobody groups.

    A rule has at most `MOST`, the newest versions or the first segments by name. One whose grouping cannot be answered, for what
    it watches has changed since, has one alert, of the whole, which says so. One that has no group yet has no alert.
    """
    rules = list(rules)
    wrongs = grouping_wrongs(rules)
    groups = read_groups((_whose(rule), rule.grouping) for rule in rules if rule.grouping)
    return {rule.pk: _targets(rule, groups, wrongs.get(rule.pk, "")) for rule in rules}


def _whose(rule: AlertRule) -> Whose:
    return counted_models(rule.slo) if rule.slo else (rule_model(rule).pk,)


def _targets(rule: AlertRule, groups: Groups, wrong: str) -> list[Target]:
    labels, key = labels_of(rule), rule.grouping
    if wrong or not key:
        return [Target(labels, wrong=wrong)]
    return [Target({**labels, key: group.value}, group) for group in groups[_whose(rule), key]]
