"""What silences hide: alerts that they match now, and messages that they held back."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models import Count, QuerySet

from alerting.labels.matchers import Matcher, all_match
from alerting.models import Alert, Notification, Silence
from alerting.notify.decisions import SILENCED
from models_registry.models import Project

ACTIVE: Final = (Alert.State.FIRING, Alert.State.PENDING)
MOST_ALERTS: Final = 1_000


def active_alerts(project: Project) -> list[Alert]:
    """Alerts that fire or are about to, firing ones first; at most 1,000."""
    rows = Alert.objects.filter(rule__project=project, state__in=ACTIVE)
    return list(rows.select_related("rule", "incident").order_by("state", "-changed_at", "id")[:MOST_ALERTS])


def matching(alerts: Iterable[Alert], matchers: Sequence[Matcher]) -> list[Alert]:
    """Those that a silence with these matchers would hide."""
    return [alert for alert in alerts if all_match(matchers, alert.wire_labels)]


def hidden_messages(silence: Silence) -> QuerySet[Notification]:
    """Messages that it held back, newest first."""
    rows = _held_back([silence]).filter(body__decision__silence=silence.pk)
    return rows.select_related("incident", "channel").order_by("-id")


def hidden_counts(silences: Sequence[Silence]) -> dict[int, int]:
    """How many messages each of them held back; none is missing."""
    if not silences:
        return {}
    counted = _held_back(silences).order_by().values_list("body__decision__silence").annotate(count=Count("id"))
    return {int(silence): count for silence, count in counted if silence is not None}


def _held_back(silences: Sequence[Silence]) -> QuerySet[Notification]:
    """Of their projects and time, which keeps the rows that are looked through few."""
    return Notification.objects.filter(
        state=Notification.State.SUPPRESSED,
        decision=SILENCED,
        channel__project__in={silence.project_id for silence in silences},
        created_at__gte=min(silence.starts_at for silence in silences),
    )
