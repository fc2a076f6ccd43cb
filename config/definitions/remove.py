"""Take a definition away, unless something stands on it."""

from datetime import datetime

from django.db import models, transaction
from django.db.models import ProtectedError, RestrictedError

from config.definitions.kinds import KINDS
from models_registry.models import Model, ModelVersion, Prompt, PromptVersion, User
from monitoring.models import SLO, Component, OwnPrice
from monitoring.prices.edits import record_edit

SHOWN = 5


class StandsError(Exception):
    """Something stands on it; the text names it and says what to do first."""


@transaction.atomic
def remove(row: models.Model, *, now: datetime, by: User | None = None) -> None:
    """`StandsError` while another definition names it, or events were stored by it."""
    if isinstance(row, Model) and ModelVersion.objects.filter(model=row).exists():
        raise StandsError(
            "It has versions with what was measured of them; DELETE /api/v1/models/{slug} says what goes with it."
        )
    if isinstance(row, Prompt) and PromptVersion.objects.filter(prompt=row).exists():
        raise StandsError("It has versions; DELETE /api/v1/prompts/{name} removes them too, once that is confirmed.")
    if named := _named_by(row):
        raise StandsError(f"It is named by {', '.join(named[:SHOWN])}; change or remove these first.")
    if isinstance(row, OwnPrice):
        record_edit(row, None, now=now, by=by)
    try:
        row.delete()
    except (ProtectedError, RestrictedError) as error:
        raise StandsError("What was recorded stands on it; switch it off instead.") from error


def _named_by(row: models.Model) -> list[str]:
    """Other definitions that would change or go with it, as paths of a file."""
    found: list[str] = []
    if isinstance(row, SLO):
        parts = Component.objects.filter(slo=row).select_related("composite")
        found = [f"slos.{one.composite.slug}" for one in parts[: SHOWN + 1]]
    keys = {kind.table: kind for kind in KINDS}
    for relation in row._meta.related_objects:
        kind = keys.get(relation.related_model)
        if kind is not None:
            rows = kind.table._default_manager.filter(**{relation.field.name: row})
            found += [f"{kind.section}.{getattr(one, kind.key)}" for one in rows[: SHOWN + 1]]
    return found
