"""The shape of Prometheus's rule files, as strict as Prometheus is about it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from models_registry.durations import read_duration

GROUP: Final = frozenset({"name", "interval", "limit", "query_offset", "labels", "rules", "partial_response_strategy"})
RULE: Final = frozenset({"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"})


class RuleFileError(ValueError):
    """The file is none of Prometheus's; says where."""


def rules_of(content: object) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], str]]:
    """(group, rule, where) of each rule, as strict as Prometheus is about the shape."""
    groups = content.get("groups") if isinstance(content, Mapping) else None
    if not isinstance(groups, list) or not isinstance(content, Mapping) or set(content) != {"groups"}:
        raise RuleFileError("a rule file holds `groups`, a list, and nothing else")
    for number, group in enumerate(groups):
        if not isinstance(group, Mapping) or not isinstance(group.get("name"), str):
            raise RuleFileError(f"groups[{number}] must be a mapping with a name")
        _known(group, GROUP, f"groups[{number}]")
        rules = group.get("rules") or []
        if not isinstance(rules, list):
            raise RuleFileError(f"groups[{number}].rules must be a list")
        for place, rule in enumerate(rules):
            where = f"groups[{number}].rules[{place}]"
            _check(rule, where)
            yield group, rule, where


def _check(rule: object, where: str) -> None:
    if not isinstance(rule, Mapping):
        raise RuleFileError(f"{where} must be a mapping")
    _known(rule, RULE, where)
    if ("record" in rule) == ("alert" in rule):
        raise RuleFileError(f"{where} must have one of record and alert")
    if "record" in rule and set(rule) & {"for", "keep_firing_for", "annotations"}:
        raise RuleFileError(f"{where} is a recording rule: it has no for, keep_firing_for or annotations")
    if not isinstance(rule.get("expr"), str | int | float):
        raise RuleFileError(f"{where} must have an expr")
    for name in ("labels", "annotations"):
        if not isinstance(rule.get(name) or {}, Mapping):
            raise RuleFileError(f"{where}.{name} must be a mapping of texts")
    _check_durations(rule, where)


def _check_durations(rule: Mapping[str, Any], where: str) -> None:
    for name in ("for", "keep_firing_for"):
        if name in rule and read_duration(rule[name]) is None:
            raise RuleFileError(f"{where}.{name} must be a duration such as 5m, not {rule[name]!r}")


def _known(given: Mapping[str, Any], allowed: frozenset[str], where: str) -> None:
    for name in given:
        if name not in allowed:
            raise RuleFileError(f"{where}: there is no field {name!r}")
