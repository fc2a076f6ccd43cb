"""How far the drain has come: windows end here, so that a drain that is behind makes things stale, never absent."""

from datetime import UTC, datetime

from django.db.models import Min

from monitoring.models import InboxBody


def ingest_watermark(*, now: datetime) -> datetime:
    """Everything received before this (story) time is stored and folded; `now` when the inbox is empty."""
    oldest: int | None = InboxBody.objects.aggregate(oldest=Min("received_us"))["oldest"]
    if oldest is None:
        return now
    return min(now, datetime.fromtimestamp(oldest / 1_000_000, tz=UTC))
