"""Fixtures of the monitoring room: an inbox to put items into, as ingest would after validation."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from lib.clock import real_now
from models_registry.models import Project
from monitoring.models import InboxBody

Put = Callable[..., InboxBody]


def micros(moment: datetime) -> int:
    """Epoch microseconds, exact."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def put_body(project: Project, kind: str, items: list[dict[str, Any]], *, received: datetime, **more: Any) -> InboxBody:
    """One accepted request in the inbox."""
    return InboxBody.objects.create(
        project=project,
        kind=kind,
        received_us=micros(received),
        arrived_at=real_now(),
        items=msgspec.json.encode(items),
        accepted=len(items),
        **more,
    )


@pytest.fixture
def put(project: Project, now: datetime) -> Put:
    """`put("prediction", {...}, {...})` accepts the items in one body, received now."""

    def _put(kind: str, *items: dict[str, Any], **more: Any) -> InboxBody:
        stamped = [{"ts": micros(now), **item} for item in items]
        return put_body(project, kind, stamped, received=now, **more)

    return _put
