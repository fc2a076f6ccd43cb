"""Rule files of Prometheus as definitions: what asks about this panel's own series, the rest told by name.

    atalaia_measure{model="m", measure="accuracy"} < 0.8 [and atalaia_measure_sample{…} >= 100]       → threshold
    atalaia_slo_burn_rate{slo="s", window="1h"} > 14.4 and …{window="5m"} > 14.4 [or …]               → burn rate
    slo:sli_error:ratio_rate1h{slo="s"} > (14.4 * 0.001) and … and slo:sli_bad:count1h{…} >= 3 [or …] → burn rate

Alerts of one name, one objective and one group are one rule: its pages and its tickets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.text import slugify

from config.interchange.promql import Binary, Expression, Number, Selector, UnsupportedError, parse
from config.interchange.rule_file import rules_of
from models_registry.durations import read_duration, write_duration
from monitoring.stats.burn import Guard

OURS: Final = frozenset({"project", "model", "environment", "slo", "rule", "severity", "alertname"})
PAGES: Final = frozenset({"page", "critical"})
RATE: Final = "slo:sli_error:ratio_rate"
BAD: Final = "slo:sli_bad:count"
SLUG: Final = 64
MINIMA: Final = ("minimum", "minimum_short")
# What an alert for pages and one for tickets may say each for itself, and be one rule.
APART: Final = frozenset({"pairs", "severity", "summary", *MINIMA})
FLIPPED: Final = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


@dataclass
class Imported:
    """A document of definitions, and what became of the rest: one sentence each."""

    document: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Told:
    """An alert of the file, with what its group says of it."""

    name: str
    expression: Expression
    fields: Mapping[str, Any]
    severity: str


@dataclass(frozen=True, slots=True)
class _Compared:
    """A series beside a number."""

    series: Selector
    op: str
    value: float


def read_rule_file(content: object, *, project: str, targets: Mapping[str, float]) -> Imported:
    """`content`: the YAML of the file. `targets`: of the project's objectives, by slug. `RuleFileError` if it is no rule file."""
    found = Imported({"project": project, "rules": {}})
    for group, rule, where in rules_of(content):
        name = str(rule.get("alert") or rule.get("record"))
        if "record" in rule:
            found.warnings.append(f"{where}: the recording rule {name} is left out: summaries are kept here already")
            continue
        try:
            told = _told(group, rule, where, found.warnings)
            slug, fields = _definition(told, project, targets)
            if _differs(found.document["rules"].get(slug), fields):
                found.warnings.append(f"{where}: a second alert {name} that asks or lasts otherwise: a rule of its own")
            _add(found.document["rules"], slug, fields)
        except UnsupportedError as error:
            found.warnings.append(
                f"{where}: {name} is left out, for it asks {error}; let Prometheus evaluate it and send its alerts here"
            )
    return found


def _told(group: Mapping[str, Any], rule: Mapping[str, Any], where: str, warnings: list[str]) -> _Told:
    labels = {str(k): str(v) for k, v in {**(group.get("labels") or {}), **(rule.get("labels") or {})}.items()}
    fields: dict[str, Any] = {"name": str(rule["alert"])[:160], **_spans(group, rule)}
    kept = {name: text for name, text in labels.items() if name not in OURS}
    if kept:
        fields["labels"] = kept
    summary = str((rule.get("annotations") or {}).get("summary", ""))
    if "{{" in summary:
        warnings.append(f"{where}: the summary of {rule['alert']} is a template: left out, the panel writes its own")
    elif summary:
        fields["summary"] = summary[:300]
    dropped = [name for name in ("limit", "query_offset") if group.get(name)]
    warnings += [f"{where}: {name} of the group is left out; windows end where labels have settled" for name in dropped]
    return _Told(str(rule["alert"]), parse(str(rule["expr"])), fields, _severity(labels))


def _spans(group: Mapping[str, Any], rule: Mapping[str, Any]) -> dict[str, str]:
    given = {
        "for_duration": rule.get("for"),
        "keep_firing_for": rule.get("keep_firing_for"),
        "interval": group.get("interval"),
    }
    read = {name: read_duration(text or 0) for name, text in given.items()}
    return {name: write_duration(seconds) for name, seconds in read.items() if seconds}


def _severity(labels: Mapping[str, str]) -> str:
    return "page" if labels.get("severity", "").lower() in PAGES else "ticket"


def _definition(told: _Told, project: str, targets: Mapping[str, float]) -> tuple[str, dict[str, Any]]:
    slug = slugify(told.name)[:SLUG].strip("-") or "imported"
    parts = list(_flat(told.expression, "and"))
    first = _compared(parts[0]) if len(parts) <= 2 else None
    if first is not None and first.series.name == "atalaia_measure":
        return slug, {**_threshold(first, parts[1:], project), "severity": told.severity, **told.fields}
    slo, guard, pairs = _burning(told.expression, project, targets)
    for pair in pairs:
        pair["severity"] = told.severity
    needed = {"minimum": guard.long, "minimum_short": guard.short}
    rule = {"kind": "burn_rate", "slo": slo, "severity": told.severity, **needed, "pairs": pairs}
    return slug, {**rule, **told.fields}


def _flat(expression: Expression, op: str) -> Iterator[Expression]:
    """Parts with this operator between them."""
    if isinstance(expression, Binary) and expression.op == op:
        yield from _flat(expression.left, op)
        yield from _flat(expression.right, op)
    else:
        yield expression


def _compared(expression: Expression) -> _Compared | None:
    """The series on the left, wherever it stood."""
    if not isinstance(expression, Binary):
        return None
    left, right, op = expression.left, expression.right, expression.op
    if isinstance(left, Selector) and isinstance(right, Number):
        return _Compared(left, op, right.value)
    if isinstance(left, Number) and isinstance(right, Selector) and op in FLIPPED:
        return _Compared(right, FLIPPED[op], left.value)
    return None


def _threshold(first: _Compared, rest: list[Expression], project: str) -> dict[str, Any]:
    labels = _ours(first.series, project, ("model", "measure"))
    if first.op not in (">", "<"):
        raise UnsupportedError(f"whether a measure is {first.op} a number: only > and < are kept here")
    fields: dict[str, Any] = {
        "kind": "threshold",
        "model": labels["model"],
        "measure": labels["measure"],
        "comparison": "gt" if first.op == ">" else "lt",
        "threshold": first.value,
        "window": "1h",  # what the series tell of
    }
    for sample in map(_compared, rest):
        if sample is None or sample.series.name != "atalaia_measure_sample" or sample.op not in (">", ">="):
            raise UnsupportedError("more than a measure and how many events it rests on")
        if _ours(sample.series, project, ("model", "measure")) != labels:
            raise UnsupportedError("for the sample of another measure")
        fields["minimum"] = int(sample.value) + (sample.op == ">")
    return fields


def _ours(series: Selector, project: str, needed: tuple[str, ...]) -> dict[str, str]:
    """Its labels; those that say which model, measure or objective must be there."""
    if series.labels.get("project", project) != project:
        raise UnsupportedError(f"about the project {series.labels['project']}")
    missing = [name for name in needed if name not in series.labels]
    if missing:
        raise UnsupportedError(f"for {series.name} of every {' and '.join(missing)}: a rule here is about one")
    return {name: series.labels[name] for name in needed}


def _burning(
    expression: Expression, project: str, targets: Mapping[str, float]
) -> tuple[str, Guard, list[dict[str, Any]]]:
    """(objective, minima of bad events, pairs). What stands after `unless` are the stronger pairs, which go first here anyway."""
    if isinstance(expression, Binary) and expression.op == "unless":
        _burning(expression.right, project, targets)
        expression = expression.left
    read = [_pair(part, project, targets) for part in _flat(expression, "or")]
    slos = {slo for slo, _, _ in read}
    if len(slos) > 1:
        raise UnsupportedError("about more than one objective")
    return slos.pop(), _largest([guard for _, guard, _ in read]), [pair for _, _, pair in read]


def _largest(guards: Sequence[Guard]) -> Guard:
    """That of a rule whose pairs need these: a window of few slices needs no more of them than it holds, see `guard_of`."""
    return Guard(max(guard.long for guard in guards), max(guard.short for guard in guards))


def _pair(expression: Expression, project: str, targets: Mapping[str, float]) -> tuple[str, Guard, dict[str, Any]]:
    factors: dict[int, float] = {}
    minima: dict[int | None, int] = {}
    slos: set[str] = set()
    for part in _flat(expression, "and"):
        one = _compared(part)
        if one is None:
            raise UnsupportedError("more than series beside numbers")
        slos.add(slo := _ours(one.series, project, ("slo",))["slo"])
        if slo not in targets:
            raise UnsupportedError(f"about the objective {slo}, which is not here")
        if one.series.name.startswith(BAD):
            minima[read_duration(one.series.name.removeprefix(BAD))] = _minimum(one)
            continue
        span, factor = _factor(one, targets[slo])
        factors[span] = factor
    if len(slos) > 1:
        raise UnsupportedError("about more than one objective")
    if len(factors) != 2 or len(set(factors.values())) != 1:
        raise UnsupportedError("for other than a long and a short window that burn faster than one factor")
    (short, factor), (long, _) = sorted(factors.items())
    if minima.keys() - factors.keys():
        raise UnsupportedError("for bad events of another window than those that burn")
    guard = Guard(minima.get(long, 0), minima.get(short, 0))
    return slos.pop(), guard, {"long_s": long, "short_s": short, "factor": factor}


def _minimum(one: _Compared) -> int:
    if one.op not in (">", ">="):
        raise UnsupportedError(f"whether bad events are {one.op} a number")
    return int(one.value) + (one.op == ">")


def _factor(one: _Compared, target: float) -> tuple[int, float]:
    """(window in seconds, how many times as fast as planned)."""
    if one.op != ">":
        raise UnsupportedError(f"whether a burn rate is {one.op} a number: only > is kept here")
    if one.series.name == "atalaia_slo_burn_rate":
        window, factor = one.series.labels.get("window", ""), one.value
    elif one.series.name.startswith(RATE):
        window, factor = one.series.name.removeprefix(RATE), one.value / (1 - target)
    else:
        raise UnsupportedError(f"about {one.series.name}, which is no series of this panel")
    span = read_duration(window)
    if not span:
        raise UnsupportedError(f"about {one.series.name} over no window")
    return span, float(f"{factor:.9g}")


def _differs(there: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> bool:
    """Whether these cannot be the pages and the tickets of one rule: its objective, its spans of time and its labels are one."""
    if there is None:
        return False
    told = [{name: value for name, value in one.items() if name not in APART} for one in (there, fields)]
    return fields["kind"] != "burn_rate" or told[0] != told[1]


def _add(rules: dict[str, Any], slug: str, fields: dict[str, Any]) -> None:
    """Pages and tickets of one name are one rule; a second alert that asks or lasts otherwise has the next free name."""
    there = rules.get(slug)
    if there is None:
        rules[slug] = fields
        return
    if not _differs(there, fields):
        there["pairs"] += fields["pairs"]
        there |= {name: max(there[name], fields[name]) for name in MINIMA}
        there["severity"] = "page" if "page" in (there["severity"], fields["severity"]) else "ticket"
        return
    number = next(n for n in range(2, len(rules) + 3) if f"{slug[: SLUG - 4]}-{n}" not in rules)
    rules[f"{slug[: SLUG - 4]}-{number}"] = fields
