"""Compose a message once, when the state changes: every attempt and every channel tell the same facts."""

from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext, override

from alerting.models import Alert, Channel, Incident
from alerting.wording import describe_value
from models_registry.models import User

MAX_ALERTS = 50

log = structlog.get_logger(__name__)


def incident_message(incident: Incident, *, reason: str, now: datetime, actor: User | None) -> dict[str, Any]:
    """`{type, timestamp, reason, data}`: the JSON a webhook gets; other channels put the same into words."""
    attached = incident.alerts.select_related("rule__slo", "rule__model").order_by("-fired_at", "id")
    with override(settings.LANGUAGE_CODE):
        title = gettext(incident.title)
        alerts = [_alert_facts(alert) for alert in attached[:MAX_ALERTS]]
    data = {
        "number": incident.number,
        "key": str(incident),
        "title": title,
        "severity": incident.severity,
        "state": incident.state,
        "project": incident.project.slug,
        "model": incident.model.slug if incident.model else None,
        "model_name": str(incident.model) if incident.model else None,
        "impact_started_at": incident.impact_started_at.isoformat(),
        "opened_at": incident.opened_at.isoformat(),
        "resolved_at": _stamp(incident.resolved_at),
        "by": actor.get_username() if actor else None,
        "into": str(incident.merged_into) if incident.merged_into else None,
        "alerts": alerts,
        "more_alerts": max(attached.count() - MAX_ALERTS, 0),
        "links": incident_links(incident),
    }
    return {"type": f"incident.{reason}", "timestamp": now.isoformat(), "reason": reason, "data": data}


def _alert_facts(alert: Alert) -> dict[str, Any]:
    """`saw` is the value in words."""
    return {
        "rule": gettext(alert.rule.name),
        "summary": alert.annotations.get("summary") or (gettext(alert.rule.summary) if alert.rule.summary else ""),
        "state": alert.state,
        "flapping": alert.flapping_since is not None,
        "severity": alert.severity,
        "value": alert.value,
        "saw": describe_value(alert.rule, alert.value),
        "labels": {name: text for name, text in alert.wire_labels.items() if text},
        "started_at": _stamp(alert.fired_at),
        "resolved_at": _stamp(alert.resolved_at),
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def check_message(channel: Channel, *, by: User, now: datetime) -> dict[str, Any]:
    """What the test button sends."""
    with override(settings.LANGUAGE_CODE):
        links = [{"label": gettext("Panel"), "url": _absolute("/")}]
    data = {"channel": channel.name, "by": by.get_username(), "links": links}
    return {"type": "channel.test", "timestamp": now.isoformat(), "reason": "test", "data": data}


def incident_links(incident: Incident) -> list[dict[str, str]]:
    """From every provider of `settings.INCIDENT_LINKS`; a broken one costs its links, never the message."""
    links: list[dict[str, str]] = []
    for dotted in settings.INCIDENT_LINKS:
        try:
            # A savepoint, so that a failing query does not spoil the caller's transaction.
            with override(settings.LANGUAGE_CODE), transaction.atomic():
                found = import_string(dotted)(incident)
                links += [{"label": str(label), "url": _absolute(path)} for label, path in found]
        except Exception:
            log.exception("alerting.notify.links_failed", provider=dotted, incident=incident.number)
    return links


def _absolute(path: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + path if path.startswith("/") else path
