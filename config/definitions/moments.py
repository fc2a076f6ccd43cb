"""Moments as a file writes them: RFC 3339 with an offset, which YAML may have read already."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError


def read_moment(given: object) -> datetime | None:
    """In UTC; nothing of nothing. `ValidationError` for what names no moment, or leaves out where on Earth."""
    if given in (None, ""):
        return None
    try:
        found = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    except ValueError as error:
        raise ValidationError(f"must be a moment such as 2026-03-10T12:00:00Z, not {given!r}") from error
    if found.tzinfo is None:
        raise ValidationError(f"needs an offset, such as {found.isoformat()}Z")
    return found.astimezone(UTC)


def write_moment(stored: datetime | None) -> str:
    """In UTC; empty of nothing."""
    return "" if stored is None else stored.astimezone(UTC).isoformat().replace("+00:00", "Z")
