"""A webhook that speaks as Alertmanager's do (version 4 of their payload), for receivers that were written for those."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from alerting.channels.alerts import PEOPLE, alerts_of
from alerting.channels.base import Delivery
from alerting.channels.post import as_json, checked_url, post, secret_of

REASONS = {
    "opened": "new_alerts_in_group",
    "grew": "new_alerts_in_group",
    "changed": "some_alerts_resolved",
    "resolved": "all_alerts_resolved",
    "merged": "all_alerts_resolved",
    "repeated": "repeat_interval_elapsed",
}


class AlertmanagerWebhook:
    """The target is a URL; the secret, if any, is a bearer token."""

    needs_secret = False
    # Its group ends when the incident is merged, though a person did it.
    ignores = PEOPLE - {"merged"}

    def check(self, *, target: str, secret: str) -> None:
        """The URL must be callable under this installation's policy."""
        checked_url(target)

    def send(self, delivery: Delivery) -> None:
        """Any 2xx is a success, as for Alertmanager."""
        headers = {"webhook-id": delivery.uid}
        if delivery.secret:
            headers["Authorization"] = f"Bearer {secret_of(delivery.secret, '')}"
        post(delivery.target, as_json(webhook_payload(delivery.body)), headers=headers)


def webhook_payload(body: Mapping[str, Any]) -> dict[str, Any]:
    """The incident is the group; a test is a group of one alert that is over."""
    alerts = [_test_alert(body)] if body["reason"] == "test" else alerts_of(body)
    data = body["data"]
    group = {name: data[name] for name in ("project", "model") if data.get(name)}
    return {
        "version": "4",
        "groupKey": f"{{}}:{{incident={data.get('key', 'test')}}}",
        "truncatedAlerts": data.get("more_alerts", 0),
        "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
        "receiver": data.get("channel", ""),
        "groupLabels": group,
        "commonLabels": _common([alert["labels"] for alert in alerts]),
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": settings.PUBLIC_URL,
        "notification_reason": REASONS.get(body["reason"], body["reason"]),
        "alerts": alerts,
    }


def _common(sets: list[dict[str, str]]) -> dict[str, str]:
    """What all of them say."""
    first = sets[0] if sets else {}
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in sets)}


def _test_alert(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": "resolved",
        "labels": {"alertname": "AtalaiaTest", "channel": body["data"]["channel"]},
        "annotations": {},
        "startsAt": body["timestamp"],
        "endsAt": body["timestamp"],
        "generatorURL": settings.PUBLIC_URL,
        "fingerprint": "",
    }
