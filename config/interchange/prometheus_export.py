"""Objectives as recording and alerting rules of Prometheus, over the series that `/metrics` tells of them.

The names of the records are those that generators of SLO rules have made usual (`slo:sli_error:ratio_rate5m`). An alert has
the labels that ours has, so that both have one fingerprint but for what Prometheus adds. Stronger pairs suppress weaker ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from alerting.evaluate.burn_windows import burn_rules, burn_spans
from alerting.evaluate.targets import labels_of
from alerting.kinds.burn_rate import KIND, pairs_of
from alerting.models import AlertRule, Severity
from models_registry.durations import write_duration
from monitoring.models import COMPOSITE, SLO
from monitoring.slo.status import guard_of
from monitoring.stats.burn import GUARD, Guard, Pair, span_label, standard_pairs

BY: Final = "project, model, environment, slo"
INTERVAL: Final = "1m"


@dataclass(frozen=True, slots=True)
class Exported:
    """A rule file as a document, and what could not be said in it."""

    document: dict[str, Any]
    warnings: list[str]


def prometheus_rules(slos: Iterable[SLO], *, runbooks: Mapping[int, str]) -> Exported:
    """One group for each objective; `runbooks`: the address of a rule's runbook by the rule's id. Load `project` and `model`."""
    slos = list(slos)
    rules = burn_rules(slos)
    groups, warnings = [], []
    for slo in slos:
        mine = rules.get(slo.pk, [])
        warnings += [
            f"rule {rule.slug}: one alert per {rule.grouping} cannot be told apart in these series; exported as one alert"
            for rule in mine
            if rule.grouping
        ]
        if slo.sli == COMPOSITE:
            warnings.append(
                f"SLO {slo.slug}: of a composite these series tell good and valid as of one objective; the guards of its alerts "
                "count those, and not the bad events of its components"
            )
        groups.append(_group(slo, mine, runbooks))
    return Exported({"groups": [*groups, _watch()]}, warnings)


def _group(slo: SLO, rules: Sequence[AlertRule], runbooks: Mapping[int, str]) -> dict[str, Any]:
    alerts = [alert for rule in rules for alert in _alerts(slo, rule, runbooks.get(rule.pk, ""))]
    if not rules:
        alerts = _told(slo, _standard(slo), _Words(f"{slo.slug}-burns", _labels(slo), GUARD))
    return {
        "name": f"atalaia:{slo.project.slug}:{slo.slug}",
        "interval": INTERVAL,
        "rules": [*_records(slo, rules), *alerts],
    }


def _labels(slo: SLO) -> dict[str, str]:
    return {
        "project": slo.project.slug,
        "model": slo.model.slug,
        "environment": slo.environment,
        "slo": slo.slug,
    }


def _selected(name: str, slo: SLO, **more: str) -> str:
    labels = ", ".join(f"{label}={_quoted(value)}" for label, value in {**_labels(slo), **more}.items())
    return f"{name}{{{labels}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _one(name: str, slo: SLO, **more: str) -> str:
    """The same series from any number of web servers, once."""
    return f"max by ({BY}) ({_selected(name, slo, **more)})"


def _records(slo: SLO, rules: Sequence[AlertRule]) -> list[dict[str, Any]]:
    target = _one("atalaia_slo_target_ratio", slo)
    left = _one("atalaia_slo_error_budget_remaining_ratio", slo)
    found = [
        ("slo:objective:ratio", target),
        ("slo:error_budget:ratio", f"1 - {target}"),
        ("slo:period_error_budget_remaining:ratio", left),
    ]
    for span in burn_spans(slo, rules):
        window = span_label(span)
        good = _one("atalaia_sli_good_events", slo, window=window)
        valid = _one("atalaia_sli_valid_events", slo, window=window)
        found.append((f"slo:sli_error:ratio_rate{window}", f"({valid} - {good}) / ({valid} > 0)"))
        found.append((f"slo:sli_bad:count{window}", f"{valid} - {good}"))
    return [{"record": name, "expr": expression, "labels": _labels(slo)} for name, expression in found]


@dataclass(frozen=True, slots=True)
class _Words:
    """What an alert is called, beside what it asks."""

    name: str
    labels: Mapping[str, str]
    guard: Guard
    summary: str = ""
    runbook: str = ""
    lasts: Mapping[str, str] | None = None


def _standard(slo: SLO) -> list[Pair]:
    return list(standard_pairs(slo.window.total_seconds(), slo.target))


def _alerts(slo: SLO, rule: AlertRule, runbook: str) -> list[dict[str, Any]]:
    lasts = {
        name: write_duration(span.total_seconds())
        for name, span in (("for", rule.for_duration), ("keep_firing_for", rule.keep_firing_for))
        if span
    }
    labels = {name: text for name, text in labels_of(rule).items() if text}
    summary = rule.summary or KIND.title(rule)
    words = _Words(rule.slug, labels, Guard(rule.minimum, rule.minimum_short), summary, runbook, lasts)
    return _told(slo, pairs_of(rule, slo), words)


def _told(slo: SLO, pairs: Sequence[Pair], words: _Words) -> list[dict[str, Any]]:
    """One alert for pages and one for tickets, which the page suppresses."""
    asked = {
        severity: " or ".join(_burns(slo, pair, words.guard) for pair in pairs if pair.severity == severity)
        for severity in (Severity.PAGE.value, Severity.TICKET.value)
    }
    page, ticket = asked.values()
    if page and ticket:
        asked[Severity.TICKET.value] = f"({ticket}) unless on ({BY}) ({page})"
    return [_alert(slo, severity, expression, words) for severity, expression in asked.items() if expression]


def _burns(slo: SLO, pair: Pair, guard: Guard) -> str:
    budget = f"({pair.factor:.12g} * {Decimal(1) - Decimal(str(slo.target))})"
    long, short = span_label(pair.long_s), span_label(pair.short_s)
    parts = [
        f"{_selected(f'slo:sli_error:ratio_rate{long}', slo)} > {budget}",
        f"{_selected(f'slo:sli_error:ratio_rate{short}', slo)} > {budget}",
    ]
    needed = guard_of(slo, pair, guard)
    for window, minimum in ((long, needed.long), (short, needed.short)):
        if minimum:
            parts.append(f"{_selected(f'slo:sli_bad:count{window}', slo)} >= {minimum}")
    return f"({' and '.join(parts)})"


def _alert(slo: SLO, severity: str, expression: str, words: _Words) -> dict[str, Any]:
    annotations = {
        "summary": _escaped(words.summary or f"{slo.name} is burning its error budget"),
        "description": f"{{{{ $value | humanizePercentage }}}} of the events are bad; the objective is {slo.target:.12g}.",
        "runbook_url": words.runbook,
    }
    return {
        "alert": words.name,
        "expr": expression,
        **(words.lasts or {}),
        "labels": {**{name: _escaped(text) for name, text in words.labels.items()}, "severity": severity},
        "annotations": {name: text for name, text in annotations.items() if text},
    }


def _escaped(text: str) -> str:
    """As it stands, past Prometheus's templates."""
    return text.replace("{{", '{{ "{{" }}')


def _watch() -> dict[str, Any]:
    """A panel that says nothing, or nothing new, is no quiet one."""
    return {
        "name": "atalaia:panel",
        "rules": [
            {
                "alert": "AtalaiaAbsent",
                "expr": "absent(atalaia_slo_target_ratio)",
                "for": "5m",
                "labels": {"severity": "page"},
                "annotations": {"summary": "Prometheus sees no SLO of Atalaia: the alerts of this file cannot fire."},
            },
            {
                "alert": "AtalaiaStale",
                "expr": f'max by ({BY}) (atalaia_slo_state{{state="stale"}}) == 1',
                "for": "5m",
                "labels": {"severity": "page"},
                "annotations": {"summary": "The drain of Atalaia lags: {{ $labels.slo }} tells of the past."},
            },
        ],
    }
