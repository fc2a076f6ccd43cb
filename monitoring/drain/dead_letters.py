"""Send a dead letter back to the inbox, once its cause is mended. The ledger balances at every instant."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F

from lib.clock import real_now
from monitoring.models import DeadLetter, InboxBody, LedgerCount

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def replay(letter: DeadLetter, *, now: datetime) -> InboxBody | None:
    """Dead-lettered −1 and pending +1 in one transaction; None if somebody else has replayed it already."""
    with transaction.atomic():
        found = DeadLetter.objects.select_for_update().filter(id=letter.id).first()
        if found is None:
            return None
        LedgerCount.objects.filter(project_id=found.project_id, kind=found.kind).update(
            dead_lettered=F("dead_lettered") - found.count
        )
        item = bytes(found.item)
        found.delete()
        return InboxBody.objects.create(
            project_id=found.project_id,
            kind=found.kind,
            received_us=(now - EPOCH) // timedelta(microseconds=1),
            arrived_at=real_now(),
            items=b"[" + item + b"]" if found.count == 1 else item,
            as_sent=found.as_sent,
            accepted=found.count,
            replayed=True,
        )
