"""The stage that ends flapping: an alert that has been nearly still is one like any other, and its incident may end with it."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import override

from alerting.evaluate.flapping import has_settled, record_settled
from alerting.evaluate.respond import resolve_if_quiet
from alerting.models import Alert
from alerting.states.machine import ACTIVE
from lib.stage import Summary

CHUNK: Final = 200


def settle(*, now: datetime) -> Summary:
    """Stage: look at those that flap, first at those that have been still the longest: nobody who has settled waits for long."""
    rows = Alert.objects.filter(flapping_since__isnull=False).order_by("changed_at", "pk")
    found = list(rows.values_list("pk", flat=True)[:CHUNK])
    with override(settings.LANGUAGE_CODE):
        return Summary(seen=len(found), written=sum(_settle(pk, now=now) for pk in found))


@transaction.atomic
def _settle(pk: int, *, now: datetime) -> bool:
    rows = Alert.objects.select_for_update(of=("self",)).select_related("incident", "rule")
    alert = rows.filter(pk=pk, flapping_since__isnull=False).first()
    if alert is None or not has_settled(alert.rule, alert, at=now):
        return False
    alert.flapping_since = None
    alert.save(update_fields=["flapping_since"])
    if alert.incident is not None and not alert.incident.is_over:
        record_settled(alert.incident, alert, now=now)
        if alert.state not in ACTIVE:
            resolve_if_quiet(alert, at=now)
    return True
