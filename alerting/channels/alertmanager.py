"""An Alertmanager: every alert of the incident by POST /api/v2/alerts, as Prometheus would send it.

Prometheus sends its alerts again every minute and lets them end a few minutes after it dies. Messages here come from an
outbox that delivers the end as surely as the beginning, so an alert is announced once with an end far away.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from alerting.channels.alerts import PEOPLE, alerts_of
from alerting.channels.base import ChannelError, Delivery
from alerting.channels.post import as_json, checked_url, post, secret_of

UNTIL_RESOLVED = timedelta(days=7)
TEST_LASTS = timedelta(minutes=1)


class Alertmanager:
    """The target is its address, with any path prefix; the secret, if any, is a bearer token."""

    needs_secret = False
    ignores = PEOPLE

    def check(self, *, target: str, secret: str) -> None:
        """The address must be callable, and is that of the server and not of its API."""
        checked_url(target)
        if target.rstrip("/").endswith(("/alerts", "/api/v2", "/api/v1")):
            message = gettext("Write the address of the Alertmanager alone: https://host:9093, without /api/….")
            raise ChannelError(message, permanent=True)

    def send(self, delivery: Delivery) -> None:
        """200, or 400 when it takes none of them."""
        post_alerts(delivery.target, delivery.secret, alertmanager_alerts(delivery.body, at=delivery.at))


def post_alerts(target: str, secret: bytes, alerts: list[dict[str, Any]]) -> None:
    """Give the Alertmanager at `target` these; `secret` is sealed, or empty. `ChannelError` when it does not take them."""
    headers = {"Authorization": f"Bearer {secret_of(secret, '')}"} if secret else {}
    post(target.rstrip("/") + "/api/v2/alerts", as_json(alerts), headers=headers)


def alertmanager_alerts(body: Mapping[str, Any], *, at: datetime) -> list[dict[str, Any]]:
    """The array of the API. `at` is real time: an Alertmanager lives by its own clock.

    The severity is a label, so an alert that became a page is another alert: the ticket it was is ended.
    """
    if body["reason"] == "test":
        labels = {"alertname": "AtalaiaTest", "channel": body["data"]["channel"], "severity": "none"}
        return [_posted({"labels": labels, "annotations": {}, "generatorURL": ""}, at, at + TEST_LASTS)]
    posted = []
    for alert in alerts_of(body):
        starts = min(datetime.fromisoformat(alert["startsAt"]), at)
        ended = alert["status"] == "resolved"
        posted.append(_posted(alert, starts, at if ended else at + UNTIL_RESOLVED))
        if alert["labels"].get("severity") == "page":
            before = {**alert, "labels": {**alert["labels"], "severity": "ticket"}}
            posted.append(_posted(before, starts, at))
    return posted


def _posted(alert: Mapping[str, Any], starts: datetime, ends: datetime) -> dict[str, Any]:
    return {
        "labels": alert["labels"],
        "annotations": alert["annotations"],
        "startsAt": starts.isoformat(),
        "endsAt": max(starts, ends).isoformat(),
        "generatorURL": alert["generatorURL"],
    }
