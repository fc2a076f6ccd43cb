"""OpenSLO v1 documents: the objects of a file by kind and name, as strict as the specification is, references resolved.

Source: github.com/OpenSLO/OpenSLO, README, "Specification".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isnan
from typing import Any, Final

VERSION: Final = "openslo/v1"
KINDS: Final = ("DataSource", "SLO", "SLI", "AlertPolicy", "AlertCondition", "AlertNotificationTarget", "Service")
LONGEST_TEXT: Final = 1_050
METHODS: Final = {"Occurrences": "occurrences", "Timeslices": "timeslices", "RatioTimeslices": "ratio_timeslices"}
FIELDS: Final = frozenset({"apiVersion", "kind", "metadata", "spec"})
SPEC: Final = frozenset(
    {
        *("description", "service", "indicator", "indicatorRef", "timeWindow"),
        *("budgetingMethod", "objectives", "alertPolicies"),
    }
)
OBJECTIVE: Final = frozenset(
    {
        *("displayName", "op", "value", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow"),
        *("indicator", "indicatorRef", "compositeWeight"),
    }
)
OPS: Final = frozenset({"lte", "gte", "lt", "gt"})
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DURATION: Final = re.compile(r"([1-9]\d{0,8})([mhdwMQY])")
_SECONDS: Final = {
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
    "M": 30 * 86_400,
    "Q": 90 * 86_400,
    "Y": 365 * 86_400,
}
Object = Mapping[str, Any]


class OpenSLOError(ValueError):
    """Everything that the specification does not allow, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class Objects:
    """By kind and name, in the order of the file; what is wrong with it; what was left to be guessed."""

    found: dict[str, dict[str, Object]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    problems: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)

    def named(self, kind: str, name: object, where: str) -> Object | None:
        """The object that a reference names."""
        there = self.found[kind].get(str(name))
        self.used.add((kind, str(name)))
        if there is None:
            self.problems.append(f"{where}: there is no {kind} {name!r} in the file")
        return there


def read_objects(documents: list[object]) -> Objects:
    """Documents, or lists of objects, as YAML gives them; `OpenSLOError` for what is no object of OpenSLO v1."""
    objects = Objects()
    flat = [item for one in documents if one is not None for item in (one if isinstance(one, list) else [one])]
    for place, item in enumerate(flat):
        _take(objects, item, f"object {place + 1}")
    for name, slo in objects.found["SLO"].items():
        _check_slo(objects, slo, f"SLO {name}")
        _note_strangers(objects, slo, f"SLO {name}")
    if objects.problems:
        raise OpenSLOError(objects.problems)
    return objects


def _take(objects: Objects, item: object, where: str) -> None:
    if not isinstance(item, Mapping) or item.get("apiVersion") != VERSION:
        got = item.get("apiVersion") if isinstance(item, Mapping) else item
        objects.problems.append(f"{where}: must be an object of apiVersion {VERSION}, not {str(got)[:80]!r}")
        return
    kind, name = item.get("kind"), metadata(item).get("name")
    if kind not in KINDS:
        objects.problems.append(f"{where}: kind must be one of {', '.join(KINDS)}, not {kind!r}")
    elif not isinstance(name, str) or not name:
        objects.problems.append(f"{where}: {kind} has no metadata.name")
    elif not isinstance(item.get("spec"), Mapping):
        objects.problems.append(f"{where}: {kind} {name} has no spec")
    elif name in objects.found[kind] and kind == "SLO":
        objects.problems.append(f"{where}: there are two of {kind} {name}")
    elif name in objects.found[kind]:
        objects.left_out.append(f"{kind} {name}: there are two, the first one stays")
    else:
        objects.found[kind][name] = item


def metadata(item: Object) -> Object:
    """Empty where there is none."""
    given = item.get("metadata")
    return given if isinstance(given, Mapping) else {}


def annotations(item: Object) -> dict[str, str]:
    """Texts by name."""
    given = metadata(item).get("annotations")
    return {str(name): str(text) for name, text in given.items()} if isinstance(given, Mapping) else {}


def is_plain_name(name: str) -> bool:
    """RFC 1123, up to 63 characters."""
    return _NAME.fullmatch(name) is not None


def shorthand(text: object) -> tuple[int, str] | None:
    """(number, unit) of a duration: 5m, 4w, 1Q; None for what is none. The case matters: m is a minute, M a month."""
    found = _DURATION.fullmatch(str(text))
    return (int(found[1]), found[2]) if found else None


def seconds(text: object) -> int | None:
    """Of a duration; months, quarters and years by their nominal lengths of 30, 90 and 365 days."""
    found = shorthand(text)
    return found[0] * _SECONDS[found[1]] if found else None


def _note_strangers(objects: Objects, slo: Object, where: str) -> None:
    """Fields that the specification does not have: nobody would miss a misspelt one otherwise."""
    spec = slo["spec"]
    given: list[tuple[str, object, frozenset[str]]] = [("", slo, FIELDS), ("spec.", spec, SPEC)]
    objectives = spec.get("objectives")
    for place, one in enumerate(objectives if isinstance(objectives, list) else []):
        given.append((f"spec.objectives[{place}].", one, OBJECTIVE))
    for path, part, known in given:
        for name in part if isinstance(part, Mapping) else ():
            if name not in known:
                objects.left_out.append(f"{where}: OpenSLO has no field {path}{name}: left out")


def _check_slo(objects: Objects, slo: Object, where: str) -> None:
    spec = slo["spec"]
    told = objects.problems.append
    if not isinstance(spec.get("service"), str) or not spec["service"]:
        told(f"{where}: spec.service is required")
    if spec.get("budgetingMethod") not in METHODS:
        told(f"{where}: spec.budgetingMethod must be one of {', '.join(METHODS)}, not {spec.get('budgetingMethod')!r}")
    if len(str(spec.get("description") or "")) > LONGEST_TEXT:
        told(f"{where}: spec.description is longer than {LONGEST_TEXT} characters")
    _check_window(spec.get("timeWindow"), where, objects.problems)
    objectives = spec.get("objectives")
    if not isinstance(objectives, list) or not objectives or not all(isinstance(one, Mapping) for one in objectives):
        told(f"{where}: spec.objectives must be a list of at least one objective")
        return
    for place, objective in enumerate(objectives):
        _check_objective(spec, objective, f"{where}: spec.objectives[{place}]", objects.problems)


def _check_window(given: object, where: str, problems: list[str]) -> None:
    if given is None:
        return
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], Mapping):
        problems.append(f"{where}: spec.timeWindow must be a list of exactly one window")
        return
    [window] = given
    if shorthand(window.get("duration")) is None:
        problems.append(
            f"{where}: spec.timeWindow[0].duration must be a number and m, h, d, w, M, Q or Y, not {window.get('duration')!r}"
        )
    if window.get("calendar") is not None and not isinstance(window["calendar"], Mapping):
        problems.append(f"{where}: spec.timeWindow[0].calendar must have startTime and timeZone")
    if window.get("isRolling") and window.get("calendar") is not None:
        problems.append(f"{where}: spec.timeWindow[0] rolls or follows a calendar, not both")


def _check_objective(spec: Object, objective: Object, where: str, problems: list[str]) -> None:
    if ("target" in objective) == ("targetPercent" in objective):
        problems.append(f"{where} must have one of target and targetPercent")
    for name, most in (("target", 1), ("targetPercent", 100)):
        value = _number(objective.get(name))
        if name in objective and (value is None or not 0 <= value < most):
            problems.append(f"{where}.{name} must be a number from 0 to below {most}, not {objective[name]!r}")
    if objective.get("op") is not None and objective["op"] not in OPS:
        problems.append(f"{where}.op must be one of gt, gte, lt and lte, not {objective['op']!r}")
    weight = _number(objective.get("compositeWeight"))
    if objective.get("compositeWeight") is not None and not (weight is not None and 0 < weight < inf):
        problems.append(f"{where}.compositeWeight must be a number above 0, not {objective['compositeWeight']!r}")
    if spec.get("budgetingMethod") in ("Timeslices", "RatioTimeslices"):
        _check_slices(spec, objective, where, problems)


def _check_slices(spec: Object, objective: Object, where: str, problems: list[str]) -> None:
    share, width = _number(objective.get("timeSliceTarget")), objective.get("timeSliceWindow")
    if spec["budgetingMethod"] == "Timeslices" and (share is None or not 0 < share <= 1):
        given = objective.get("timeSliceTarget")
        problems.append(f"{where}.timeSliceTarget must be a number above 0 and at most 1, not {given!r}")
    if shorthand(width) is None and (_number(width) or 0) <= 0:
        problems.append(f"{where}.timeSliceWindow must be a duration such as 5m, not {width!r}")


def _number(value: object) -> float | None:
    """None for what is none, and for what is not even equal to itself."""
    if isinstance(value, bool) or not isinstance(value, int | float) or isnan(value):
        return None
    return value
