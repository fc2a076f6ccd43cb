"""Forget what rules saw long ago. Transitions and incidents are kept."""

from datetime import datetime

from django.conf import settings

from alerting.models import Evaluation
from lib.stage import Summary

CHUNK = 5_000


def retain_evaluations(*, now: datetime) -> Summary:
    """Stage: drop one chunk of evaluations past their age; the next run takes the next."""
    old = Evaluation.objects.filter(slot__lt=now - settings.RETENTION["evaluations"])
    chosen = list(old.order_by("slot").values_list("pk", flat=True)[:CHUNK])
    deleted, _ = Evaluation.objects.filter(pk__in=chosen).delete()
    return Summary(seen=len(chosen), written=deleted)
