"""Write down that somebody changed what the project pays: what it was and what it is now."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from models_registry.models import User
from monitoring.llm.pricing.prices import BUCKETS
from monitoring.models import OwnPrice, PriceEdit

FIELDS: Final = ("provider", "model", "valid_from", *BUCKETS, "tiers", "context_window")


def record_edit(
    before: OwnPrice | None, after: OwnPrice | None, *, now: datetime, by: User | None = None
) -> PriceEdit | None:
    """What differs between two states of one price, `None` where there is none: before its first, after its removal.

    Nothing where nothing differs.
    """
    price = after or before
    if price is None:
        return None
    was, became = _document(before), _document(after)
    changed = {name: [was.get(name), became.get(name)] for name in FIELDS if was.get(name) != became.get(name)}
    if not changed:
        return None
    return PriceEdit.objects.create(
        project=price.project, name=price.name, model=price.model, at=now, by=by, removed=after is None, changed=changed
    )


def _document(price: OwnPrice | None) -> dict[str, Any]:
    """What is set, as JSON; equal amounts are written alike."""
    given = {name: getattr(price, name) for name in FIELDS} if price else {}
    return {name: _plain(value) for name, value in given.items() if value not in (None, "", [])}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if hasattr(value, "isoformat") else value
