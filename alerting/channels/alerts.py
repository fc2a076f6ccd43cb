"""The alerts of a message in the shape that Alertmanager and the receivers of its webhooks know."""

from collections.abc import Mapping
from typing import Any, Final

from alerting.labels.identity import fingerprint

# Reasons that an Alertmanager has no words for: what people do, and to whom it is told.
PEOPLE: Final = frozenset({"acknowledged", "unacknowledged", "mitigated", "assigned", "awoke", "merged"})
# What Go writes for a time that is not: receivers compare with it.
NEVER: Final = "0001-01-01T00:00:00Z"
# What was merged goes on in another incident, which is another group.
ENDS: Final = frozenset({"resolved", "merged"})


def alerts_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`status` firing or resolved, `labels`, `annotations`, `startsAt`, `endsAt`, `generatorURL`, `fingerprint`.

    All of them are over with their incident; those of a merged one too, and fire anew in the other.
    """
    data = body["data"]
    over = (data["resolved_at"] or body["timestamp"]) if body["reason"] in ENDS else None
    url = next((link["url"] for link in data["links"]), "")
    return [_alert(alert, data, url, over=over) for alert in data["alerts"]]


def _alert(alert: Mapping[str, Any], data: Mapping[str, Any], url: str, *, over: str | None) -> dict[str, Any]:
    """`over`: when the incident ended, if it did."""
    ended = over is not None or alert["state"] == "inactive"
    annotations = {"summary": alert["summary"] or alert["rule"], "description": alert["saw"], "incident": data["key"]}
    return {
        "status": "resolved" if ended else "firing",
        "labels": alert["labels"],
        "annotations": {name: text for name, text in annotations.items() if text},
        "startsAt": alert["started_at"] or data["opened_at"],
        "endsAt": (alert["resolved_at"] or over or NEVER) if ended else NEVER,
        "generatorURL": url,
        "fingerprint": fingerprint(alert["labels"]),
    }
