"""PagerDuty Events API v2: trigger, acknowledge and resolve, held together by a key of the incident."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext

from alerting.channels.base import ChannelError, Delivery
from alerting.channels.post import as_json, checked_url, post, secret_of
from alerting.channels.text import buttons, shortened, subject, words_of_alert

API = "https://events.pagerduty.com"
KEY = re.compile(r"[A-Za-z0-9]{32}")
LONGEST_SUMMARY = 1_024
LONGEST_DEDUP_KEY = 255
# What was merged goes on under the key of the other incident.
ACTIONS: Final = {"acknowledged": "acknowledge", "resolved": "resolve", "merged": "resolve"}
SEVERITIES: Final = {"page": "critical", "ticket": "warning"}


class Pagerduty:
    """The secret is the routing (integration) key; the target is empty, or the address of another service region."""

    needs_secret = True
    ignores = frozenset({"changed", "mitigated", "assigned"})

    def check(self, *, target: str, secret: str) -> None:
        """The address must be callable; a new secret must be a key."""
        if target:
            checked_url(target)
        if secret and not KEY.fullmatch(secret):
            message = gettext("The secret must be the 32 letters and digits of the integration key.")
            raise ChannelError(message, permanent=True)

    def send(self, delivery: Delivery) -> None:
        """202 is success; 400 is final; 429 and 5xx are tried again. A test opens an event and closes it."""
        key = secret_of(delivery.secret, gettext("The channel has no integration key. Write it as the secret."))
        url = (delivery.target or API).rstrip("/") + "/v2/enqueue"
        event = pagerduty_event(delivery.body, uid=delivery.uid)
        post(url, as_json({"routing_key": key, **event}))
        if delivery.body["reason"] == "test":
            post(url, as_json({"routing_key": key, "event_action": "resolve", "dedup_key": event["dedup_key"]}))


def pagerduty_event(body: Mapping[str, Any], *, uid: str) -> dict[str, Any]:
    """Everything but the routing key."""
    data, action = body["data"], ACTIONS.get(body["reason"], "trigger")
    event: dict[str, Any] = {"event_action": action, "dedup_key": _dedup_key(data.get("key") or uid)}
    if action != "trigger":
        return event
    return {
        **event,
        "payload": {
            "summary": shortened(subject(body), LONGEST_SUMMARY),
            "source": data.get("model") or "atalaia",
            "severity": SEVERITIES.get(data.get("severity", ""), "info"),
            "timestamp": data.get("impact_started_at") or body["timestamp"],
            "component": data.get("model") or "",
            "group": data.get("project") or "",
            "class": next((alert["labels"].get("alertname", "") for alert in data.get("alerts", [])), ""),
            "custom_details": _details(data),
        },
        "links": [{"href": link["url"], "text": link["label"]} for link in buttons(body)],
        "client": "Atalaia",
        "client_url": settings.PUBLIC_URL,
    }


def _dedup_key(key: str) -> str:
    """One installation's incident 7 is not another's."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/{key}"[-LONGEST_DEDUP_KEY:]


def _details(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "incident": data.get("key"),
        "alerts": [words_of_alert(alert) for alert in data.get("alerts", [])],
        "more_alerts": data.get("more_alerts", 0),
    }
