"""Nouns of alerting, one file per concern."""

from alerting.models.incidents import Alert, AlertTransition, AlertVerdict, Incident, IncidentEvent
from alerting.models.messages import Channel, Notification
from alerting.models.mutes import Inhibition, Maintenance, Silence
from alerting.models.policy import IncidentPolicy, incident_policy
from alerting.models.routes import EscalationStep, QuietHours, Route
from alerting.models.rules import AlertRule, Evaluation, Heartbeat, Severity

__all__ = [
    "Alert",
    "AlertRule",
    "AlertTransition",
    "AlertVerdict",
    "Channel",
    "EscalationStep",
    "Evaluation",
    "Heartbeat",
    "Incident",
    "IncidentEvent",
    "IncidentPolicy",
    "Inhibition",
    "Maintenance",
    "Notification",
    "QuietHours",
    "Route",
    "Severity",
    "Silence",
    "incident_policy",
]
