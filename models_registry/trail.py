"""What people changed, in the history that the admin keeps: what is done elsewhere is written into it too."""

from collections.abc import Collection

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import models

from models_registry.models import User


def note_saved(row: models.Model, fields: Collection[str], *, new: bool, by: User) -> None:
    """That `by` made it, or changed these fields of it; their names, never what they hold."""
    if new:
        _note(row, by, ADDITION, {"added": {}})
    else:
        _note(row, by, CHANGE, {"changed": {"fields": sorted(fields)}})


def note_removed(row: models.Model, *, by: User) -> None:
    """That `by` is about to remove it: afterwards it has no key to be known by."""
    _note(row, by, DELETION, {"deleted": {}})


def _note(row: models.Model, by: User, flag: int, said: dict[str, object]) -> None:
    LogEntry.objects.log_actions(by.pk, [row], flag, [said], single_object=True)
