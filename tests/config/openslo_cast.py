"""Objects of OpenSLO as tests write them, and how they are read."""

from typing import Any

from config.interchange.openslo_import import Here, Imported, read_openslo
from config.interchange.openslo_read import read_objects

QUERY = {"metricSource": {"type": "Prometheus", "spec": {"query": "up"}}}
RATIO = {"metadata": {"name": "answers"}, "spec": {"ratioMetric": {"counter": True, "good": QUERY, "total": QUERY}}}
BOUND = {"metadata": {"name": "slowness"}, "spec": {"thresholdMetric": QUERY}}
ROLLS = [{"duration": "4w", "isRolling": True}]


def slo(name: str = "shop", *, indicator: Any = RATIO, window: Any = ROLLS, method: str = "Occurrences", **more: Any):
    objective = more.pop("objective", {"target": 0.99})
    spec = {
        "service": "web-shop",
        "indicator": indicator,
        "timeWindow": window,
        "budgetingMethod": method,
        "objectives": objective if isinstance(objective, list) else [objective],
        **more,
    }
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": name}, "spec": spec}


def policy(op: str = "gt", name: str = "fast", **asked: Any) -> dict[str, Any]:
    condition = {"kind": "burnrate", "op": op, "threshold": 2, "lookbackWindow": "1h", "alertAfter": "5m", **asked}
    return {
        "kind": "AlertPolicy",
        "metadata": {"name": name},
        "spec": {
            "alertWhenBreaching": True,
            "conditions": [
                {
                    "kind": "AlertCondition",
                    "metadata": {"name": "c"},
                    "spec": {"severity": "page", "condition": condition},
                }
            ],
            "notificationTargets": [{"targetRef": "night-shift"}],
        },
    }


def read(*objects: Any, **here: Any) -> Imported:
    return read_openslo(read_objects(list(objects)), Here("aurora", frozenset(), **here))


def calendar(duration: str, start: str = "2024-01-01 00:00:00") -> list[dict[str, Any]]:
    return [{"duration": duration, "isRolling": False, "calendar": {"startTime": start, "timeZone": "Europe/Berlin"}}]
