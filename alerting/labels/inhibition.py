"""Alerts that another alert makes superfluous, by Alertmanager's rules. Pure: no Django, no database.

A target is inhibited while an alert fires that matches the source's matchers, if all the `equal` labels are the same on
both (missing is empty). An alert that matches both sides is not inhibited by one that also matches both, so that none
inhibits itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerting.labels.matchers import Matcher, all_match

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which alerts silence which."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: frozenset[str]


def inhibitor(rule: Rule, target: Labels, firing: Iterable[Labels]) -> Labels | None:
    """The first firing alert that inhibits the target by this rule, if one does."""
    if not all_match(rule.target, target):
        return None
    both = all_match(rule.source, target)
    for source in firing:
        if not all_match(rule.source, source):
            continue
        if any(source.get(name, "") != target.get(name, "") for name in rule.equal):
            continue
        if not (both and all_match(rule.target, source)):
            return source
    return None
