"""Declare and withdraw keys of segments, each from a place in the ingest sequence on."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from models_registry.models import Model
from monitoring.models import SegmentKey
from monitoring.selectors.floors import hold_references
from monitoring.stats.segments import MAX_KEYS, TAKEN
from monitoring.summaries.reach import next_row_id


@transaction.atomic
def declare_key(model: Model, key: str, *, now: datetime) -> SegmentKey:
    """The model's key in force; the one it has, if it has it. `ValidationError` with the mend for what cannot be a key.

    It folds the events that are accepted from now on, as a reference does: its place in the ingest sequence is taken
    while no drain folds.
    """
    hold_references(to_set=True)
    found = SegmentKey.objects.filter(model=model, key=key, until__isnull=True).first()
    if found is not None:
        return found
    if problem := key_problem(model, key):
        raise ValidationError({"key": problem})
    row = SegmentKey(model=model, key=key, since=next_row_id(), created_at=now)
    row.full_clean()
    row.save()
    return row


def key_problem(model: Model, key: str) -> str:
    """Why the model cannot have this key now; empty if it can."""
    declared = set(SegmentKey.objects.filter(model=model, until__isnull=True).values_list("key", flat=True))
    if key in declared:
        return _("The model has this key already.")
    if key in TAKEN:
        return _("“%(key)s” can always be asked for and needs no declaration.") % {"key": key}
    if len(declared) >= MAX_KEYS:
        return _("A model has at most %(n)d segment keys at a time; withdraw one first.") % {"n": MAX_KEYS}
    return ""


@transaction.atomic
def withdraw_key(row: SegmentKey, *, now: datetime) -> None:
    """Events accepted from now on have no segment of this key; what was summed stays."""
    hold_references(to_set=True)
    if row.until is None:
        row.until, row.withdrawn_at = next_row_id(), now
        row.save(update_fields=["until", "withdrawn_at"])


@transaction.atomic
def set_keys(model: Model, keys: Collection[str], *, now: datetime) -> bool:
    """Make these, and no others, the model's keys; whether that changed anything."""
    declared = {row.key: row for row in SegmentKey.objects.filter(model=model, until__isnull=True)}
    for key in sorted(declared.keys() - set(keys)):
        withdraw_key(declared[key], now=now)
    for key in sorted(set(keys) - declared.keys()):
        declare_key(model, key, now=now)
    return declared.keys() != set(keys)
