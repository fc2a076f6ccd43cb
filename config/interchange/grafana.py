"""Dashboards for Grafana over the series of `/metrics`, as classic JSON: what `deploy/grafana/` holds is written by this.

`python manage.py grafana_dashboards deploy/grafana/dashboards` writes it anew; a test holds it to be so.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

SCHEMA: Final = 39
WIDTH: Final = 24
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
OF_SLO: Final = 'project=~"$project", model=~"$model", slo=~"$slo"'
OF_MODEL: Final = 'project=~"$project", model=~"$model"'
OF_RULE: Final = 'project=~"$project"'


@dataclass(frozen=True)
class Panel:
    """One panel: `asks` are (expression, legend); `kind` is stat, timeseries or table."""

    title: str
    asks: Sequence[tuple[str, str]]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    height: int = 8
    steps: Sequence[tuple[str, float | None]] = ()
    lowest: float | None = None


@dataclass(frozen=True)
class Dashboard:
    """A page of panels; `variables` are (name, label, query) that narrow them."""

    uid: str
    title: str
    panels: Sequence[Panel]
    variables: Sequence[tuple[str, str, str]] = field(default_factory=tuple)


DASHBOARDS: Final = (
    Dashboard(
        "atalaia-slos",
        "Atalaia: objectives",
        (
            Panel(
                "Error budget left",
                [(f"atalaia_slo_error_budget_remaining_ratio{{{OF_SLO}}}", "{{slo}}")],
                "percentunit",
                "stat",
                WIDTH,
                6,
                [("red", None), ("orange", 0), ("green", 0.25)],
            ),
            Panel("SLI over the window", [(f"atalaia_sli_ratio{{{OF_SLO}}}", "{{slo}}")], "percentunit"),
            Panel(
                "Error budget left over time",
                [(f"atalaia_slo_error_budget_remaining_ratio{{{OF_SLO}}}", "{{slo}}")],
                "percentunit",
            ),
            Panel(
                "Burn rate, 1 h",
                [(f'atalaia_slo_burn_rate{{{OF_SLO}, window="1h"}}', "{{slo}}")],
                lowest=0,
            ),
            Panel(
                "Burn rate, 6 h",
                [(f'atalaia_slo_burn_rate{{{OF_SLO}, window="6h"}}', "{{slo}}")],
                lowest=0,
            ),
            Panel(
                "Bad events, 1 h",
                [
                    (
                        f'atalaia_sli_valid_events{{{OF_SLO}, window="1h"}} - atalaia_sli_good_events{{{OF_SLO}, window="1h"}}',
                        "{{slo}}",
                    )
                ],
                lowest=0,
            ),
            Panel("Valid events, 1 h", [(f'atalaia_sli_valid_events{{{OF_SLO}, window="1h"}}', "{{slo}}")], lowest=0),
            Panel(
                "State",
                [(f"atalaia_slo_state{{{OF_SLO}}} == 1", "{{slo}}: {{state}}")],
                kind="table",
            ),
            Panel(
                "How old what is settled is",
                [(f"time() - atalaia_sli_window_end_timestamp_seconds{{{OF_SLO}}}", "{{slo}}")],
                "s",
                lowest=0,
            ),
        ),
        (
            ("project", "Project", "label_values(atalaia_slo_info, project)"),
            ("model", "Model", 'label_values(atalaia_slo_info{project=~"$project"}, model)'),
            ("slo", "SLO", 'label_values(atalaia_slo_info{project=~"$project", model=~"$model"}, slo)'),
        ),
    ),
    Dashboard(
        "atalaia-rules",
        "Atalaia: rules and incidents",
        (
            Panel(
                "Firing",
                [(f'sum(atalaia_rule_alerts{{{OF_RULE}, state="firing"}})', "firing")],
                kind="stat",
                width=6,
                height=5,
                steps=[("green", None), ("red", 1)],
            ),
            Panel(
                "Open incidents",
                [('sum(atalaia_incidents{state=~"open|acknowledged|mitigated"})', "open")],
                kind="stat",
                width=6,
                height=5,
                steps=[("green", None), ("orange", 1)],
            ),
            Panel(
                "Broken rules",
                [(f'sum(atalaia_rule_health{{{OF_RULE}, health="error"}})', "broken")],
                kind="stat",
                width=6,
                height=5,
                steps=[("green", None), ("red", 1)],
            ),
            Panel(
                "Failing channels",
                [(f"sum(atalaia_channel_failing{{{OF_RULE}}})", "failing")],
                kind="stat",
                width=6,
                height=5,
                steps=[("green", None), ("red", 1)],
            ),
            Panel("Alerts", [(f"atalaia_rule_alerts{{{OF_RULE}}} > 0", "{{rule}}: {{state}}")], lowest=0),
            Panel("What rules see", [(f"atalaia_rule_value{{{OF_RULE}}}", "{{rule}} {{group}}")]),
            Panel("Health", [(f"atalaia_rule_health{{{OF_RULE}}} == 1", "{{rule}}: {{health}}")], kind="table"),
            Panel(
                "Since the last evaluation",
                [(f"time() - atalaia_rule_last_evaluation_timestamp_seconds{{{OF_RULE}}}", "{{rule}}")],
                "s",
                lowest=0,
            ),
        ),
        (("project", "Project", "label_values(atalaia_rule_info, project)"),),
    ),
    Dashboard(
        "atalaia-models",
        "Atalaia: measures of models",
        (
            Panel(
                "Ratios", [(f'atalaia_measure{{{OF_MODEL}, unit="ratio"}}', "{{model}}: {{measure}}")], "percentunit"
            ),
            Panel("Latency", [(f'atalaia_measure{{{OF_MODEL}, unit="ms"}}', "{{model}}: {{measure}}")], "ms", lowest=0),
            Panel(
                "Money",
                [(f'atalaia_measure{{{OF_MODEL}, unit="usd"}}', "{{model}}: {{measure}}")],
                "currencyUSD",
                lowest=0,
            ),
            Panel("Scores", [(f'atalaia_measure{{{OF_MODEL}, unit="score"}}', "{{model}}: {{measure}}")]),
            Panel(
                "Events that measures rest on",
                [(f'atalaia_measure_sample{{{OF_MODEL}, measure="requests"}}', "{{model}}")],
                width=WIDTH,
                lowest=0,
            ),
        ),
        (
            ("project", "Project", "label_values(atalaia_measure_sample, project)"),
            ("model", "Model", 'label_values(atalaia_measure_sample{project=~"$project"}, model)'),
        ),
    ),
    Dashboard(
        "atalaia-pipeline",
        "Atalaia: the panel itself",
        (
            Panel("Drain lag", [("atalaia_drain_lag_seconds", "oldest item")], "s", lowest=0),
            Panel("Items that wait", [("atalaia_inbox_items", "items")], lowest=0),
            Panel("Evaluation lag", [("atalaia_evaluation_lag_seconds", "longest due")], "s", lowest=0),
            Panel("Outbox age", [("atalaia_outbox_age_seconds", "oldest message")], "s", lowest=0),
            Panel("Since each stage began", [("atalaia_stage_age_seconds", "{{stage}}")], "s", lowest=0),
            Panel("What a round takes", [("atalaia_stage_duration_seconds", "{{stage}}")], "s", lowest=0),
            Panel("Missed rounds, 1 h", [("increase(atalaia_stage_missed_rounds[1h])", "{{stage}}")], lowest=0),
            Panel("Failures, 1 h", [("increase(atalaia_stage_failures[1h])", "{{stage}}")], lowest=0),
            Panel("Ledger", [("sum by (fate) (atalaia_ledger_items)", "{{fate}}")], lowest=0),
            Panel("Clock skew", [("atalaia_clock_skew_seconds", "database − web")], "s"),
        ),
    ),
)


def dashboard_json(dashboard: Dashboard) -> str:
    """As Grafana exports one, sorted where Grafana sorts nothing, so that it changes only with what it says."""
    content = {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["atalaia"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_source(), *(_variable(*one) for one in dashboard.variables)]},
        "annotations": {"list": []},
        "links": [],
        "panels": _placed(dashboard.panels),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _source() -> dict[str, Any]:
    return {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus", "current": {}}


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "sort": 1,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _placed(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """From left to right, row after row."""
    found, x, y, row = [], 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > WIDTH:
            x, y, row = 0, y + row, 0
        found.append({**_panel(panel), "id": number, "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height}})
        x, row = x + panel.width, max(row, panel.height)
    return found


def _panel(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit}
    if panel.lowest is not None:
        defaults["min"] = panel.lowest
    if panel.steps:
        steps = [{"color": color, "value": value} for color, value in panel.steps]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    return {
        "type": panel.kind,
        "title": panel.title,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel.kind),
        "targets": [_target(place, *ask, kind=panel.kind) for place, ask in enumerate(panel.asks)],
    }


def _options(kind: str) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {
        "stat": {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "background"},
        "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "table": {"showHeader": True},
    }
    return found[kind]


def _target(place: int, expression: str, legend: str, *, kind: str) -> dict[str, Any]:
    now = kind == "table"
    return {
        "refId": chr(ord("A") + place),
        "datasource": SOURCE,
        "expr": expression,
        "legendFormat": legend,
        "instant": now,
        "range": not now,
        **({"format": "table"} if now else {}),
    }
