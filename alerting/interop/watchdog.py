"""The alert that always fires while the panel lives and moves: whoever waits for it notices when it falls silent."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from models_registry.models import Project
from monitoring.models import StageRun

WATCHDOG: Final = "Watchdog"
SUMMARY: Final = "Atalaia is alive: this alert always fires, and ends when it falls silent."
LASTS: Final = timedelta(minutes=5)
STAGE: Final = "watch"


def watchdog_labels(project: Project) -> dict[str, str]:
    """What tells it from the Watchdogs of other panels and projects."""
    return {"alertname": WATCHDOG, "project": project.slug, "severity": "none"}


def watchdog_alert(project: Project, *, at: datetime) -> dict[str, Any]:
    """As it is posted to an Alertmanager; `at` is real time, when everything was seen to move."""
    return {
        "labels": watchdog_labels(project),
        "annotations": {"summary": SUMMARY},
        "startsAt": at.isoformat(),
        "endsAt": (at + LASTS).isoformat(),
        "generatorURL": settings.PUBLIC_URL,
    }


def barked_at(*, real_now: datetime) -> datetime | None:
    """When the stage that watches last saw everything move; None where that is too long ago, or something stands still."""
    run = StageRun.objects.filter(stage=STAGE, seen=0, last_error="", succeeded_at__gte=real_now - LASTS).first()
    return None if run is None else run.succeeded_at
