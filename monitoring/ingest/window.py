"""Which times an event may name, by the settings."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from lib import clock
from monitoring.ingest.moments import Window


def window_at(now: datetime, *, backfill: bool) -> Window:
    """What is accepted of what is received now (story time). While a demonstration tells of the past, programs of today may
    say that it is today: their events are seen when the story has come so far.
    """
    limits: dict[str, Any] = settings.INGEST
    ahead = max(clock.real_now() - now, timedelta(0)) if settings.DEMO else timedelta(0)
    return Window.around(now, oldest=limits["oldest"], newest=limits["newest"] + ahead, backfill=backfill)
