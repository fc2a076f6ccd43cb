"""Take something away for good, as the admin does: what goes with it is named and confirmed first, and records that stay keep it."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from django.contrib import admin
from django.db import models, transaction
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError

from lib.problem import Conflict
from models_registry.models import User
from models_registry.trail import note_removed

SHOWN: Final = 12
CONFIRM: Final = OpenApiParameter(
    "confirm", str, description="The same name as in the address: remove it together with what stands on it."
)
Table = type[models.Model]


def remove(
    row: models.Model, *, key: str, confirmed: str | None, by: User, person: bool, more: str = "", instead: str = ""
) -> None:
    """Remove the row and what stands on it, if `confirmed` says its `key`; without that only where nothing does.

    409 otherwise, with what stands on it (`confirmation_needed`) or what keeps it (`refused`): records that nobody removes,
    what a `person` may not remove, rows that refer to it and stay. `more`: what else should be confirmed. `instead`: the mend.
    """
    if confirmed not in (None, key):
        raise ValidationError({"confirm": f"The address says {key}: repeat that, or leave this out."})
    tables = list(dict.fromkeys(_tables_on(row)))
    if keeping := _names([one for one in tables if not _may_remove(one, by if person else User(is_superuser=True))]):
        raise Conflict(f"It cannot be removed while there are {keeping} of it. {instead}".rstrip())
    named = ", ".join(filter(None, (more, _names(tables))))
    if named and confirmed is None:
        told = f"With it would go: {named}. Add `confirm={quote(key, safe='')}` to the address to remove all of it."
        raise Conflict(told, code="confirmation_needed")
    try:
        with transaction.atomic():
            note_removed(row, by=by)
            row.delete()
    except ProtectedError as error:
        raise Conflict(_held(error.protected_objects, instead)) from error
    except RestrictedError as error:
        raise Conflict(_held(error.restricted_objects, "")) from error


def _held(rows: set[Any], instead: str) -> str:
    """What refers to it, by name."""
    found = sorted({f"{row._meta.verbose_name} “{row}”" for row in rows})
    more = ", …" if len(found) > SHOWN else ""
    return f"It is held by {', '.join(found[:SHOWN])}{more}. {instead or 'Change or remove these first.'}"


def _names(tables: list[Table]) -> str:
    """In words; tables that have a form are known to people and come first."""
    ordered = sorted(tables, key=lambda table: table not in admin.site._registry)
    found = list(dict.fromkeys(str(table._meta.verbose_name_plural) for table in ordered))
    return ", ".join(found[:SHOWN]) + (", …" if len(found) > SHOWN else "")


def _may_remove(table: Table, person: User) -> bool:
    """As the admin asks before it removes what hangs on something else; tables without a form go along."""
    form: Any = admin.site._registry.get(table)
    request = HttpRequest()
    request.user = person
    return form is None or bool(form.has_delete_permission(request))


def _tables_on(row: models.Model) -> Iterator[Table]:
    """Tables with rows that would go with this one, directly or by way of others."""
    waiting: list[tuple[Table, str]] = [(type(row), "")]
    seen = {type(row)}
    while waiting:
        table, path = waiting.pop(0)
        for field in _hanging_on(table):
            other, there = field.model, "__".join(filter(None, (field.name, path)))
            if other not in seen and other._base_manager.filter(**{there: row.pk}).exists():
                seen.add(other)
                yield other
                waiting.append((other, there))


def _hanging_on(table: Table) -> Iterator[models.ForeignKey[Any, Any]]:
    """Fields of other tables whose rows go with one of this. Without an index to ask by, a table is not gone through:
    events are told of by the sums and ledgers beside them.
    """
    for relation in table._meta.get_fields(include_hidden=True):
        field: Any = getattr(relation, "field", None)
        if not relation.auto_created or relation.concrete or getattr(relation, "on_delete", None) is not models.CASCADE:
            continue
        if not field.model._meta.auto_created and _is_indexed(field):
            yield field


def _is_indexed(field: Any) -> bool:
    options = field.model._meta
    first = [one.fields[0] for one in (*options.indexes, *options.total_unique_constraints) if one.fields]
    return bool(field.db_index or field.unique or field.name in first)
