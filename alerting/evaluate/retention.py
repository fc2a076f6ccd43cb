"""Forget what rules saw long ago. Transitions and incidents are kept."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef

from alerting.models import Evaluation, Heartbeat
from lib.stage import Summary

CHUNK = 5_000


def retain_evaluations(*, now: datetime) -> Summary:
    """Stage: drop one chunk of evaluations past their age; the next run takes the next."""
    old = Evaluation.objects.filter(slot__lt=now - settings.RETENTION["evaluations"])
    chosen = list(old.order_by("slot").values_list("pk", flat=True)[:CHUNK])
    deleted, _ = Evaluation.objects.filter(pk__in=chosen).delete()
    return Summary(seen=len(chosen), written=deleted) + _drop_heartbeats(now)


def _drop_heartbeats(now: datetime) -> Summary:
    """One chunk of the same age; a rule's silence is counted from its newest heartbeat, which is kept."""
    floor = now - settings.RETENTION["evaluations"]
    newer = Heartbeat.objects.filter(rule=OuterRef("rule"), at__gt=OuterRef("at"))
    chosen = list(Heartbeat.objects.filter(Exists(newer), at__lt=floor).values_list("pk", flat=True)[:CHUNK])
    deleted, _ = Heartbeat.objects.filter(pk__in=chosen).delete() if chosen else (0, {})
    return Summary(seen=len(chosen), written=deleted)
