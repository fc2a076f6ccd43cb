"""Take something away for good, as the admin does: what goes with it is named and confirmed first, and records that stay keep it.

What stays, what takes a permission and how many events are too many for one request is one list, `settings.REMOVAL`.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.db import IntegrityError, models, router, transaction
from django.db.models import ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from django.utils.translation import gettext as _

from models_registry.models import User
from models_registry.trail import note_removed

SHOWN: Final = 12
Table = type[models.Model]


class KeptError(Exception):
    """Something keeps it; the text says what, and what to do instead."""


class UnconfirmedError(Exception):
    """Something would go with it that nobody has confirmed; the text says what."""


class AnotherNameError(Exception):
    """What was confirmed is not what was asked for; the text says so."""


def remove(
    row: models.Model, *, key: str, confirmed: str | None, by: User, person: bool, more: str = "", instead: str = ""
) -> None:
    """Remove the row and what stands on it, if `confirmed` says its `key`; without that only where nothing does.

    `KeptError` while it is held by records that nobody removes, by what a `person` may not remove, by rows that refer to it and
    stay, or by too many events; else `UnconfirmedError`. `more`: what else should be confirmed. `instead`: the mend.
    """
    if confirmed not in (None, key):
        raise AnotherNameError(f"The address says {key}: repeat that, or leave this out.")
    judge = partial(_judged, row, key=key, confirmed=confirmed, by=by if person else None, more=more, instead=instead)
    judge()  # what is refused or asked keeps no writer waiting
    try:
        with transaction.atomic():
            found = judge()
            note_removed(row, by=by)
            found.delete()  # what was judged: what came since is not taken along unseen
    except IntegrityError as error:
        raise KeptError("Something came to it just now; ask again what would go with it.") from error


def too_many_events(row: models.Model) -> str:
    """What to do where more stored events would go with it than one request may remove; empty where they may.

    `ProtectedError` and `RestrictedError` as Django's own deletion.
    """
    return _too_many(_collected(row))


def _judged(
    row: models.Model, *, key: str, confirmed: str | None, by: User | None, more: str, instead: str
) -> Collector:
    """What goes with it, where all of it may and it is confirmed."""
    found = _free(row, instead)
    tables = list(dict.fromkeys(_tables(found, row)))
    if keeping := _names([one for one in tables if not _may_remove(one, by)]):
        raise KeptError(f"It cannot be removed while there are {keeping} of it. {instead}".rstrip())
    named = ", ".join(filter(None, (more, _names(tables))))
    if named and confirmed is None:
        told = f"With it would go: {named}. Add `confirm={quote(key, safe='')}` to the address to remove all of it."
        raise UnconfirmedError(told)
    return found


def _free(row: models.Model, instead: str) -> Collector:
    """What would go with it, where nothing that stays refers to it and the events are few enough."""
    try:
        found = _collected(row)
    except ProtectedError as error:
        raise KeptError(_held(error.protected_objects, instead)) from error
    except RestrictedError as error:
        raise KeptError(_held(error.restricted_objects, "")) from error
    if told := _too_many(found):
        raise KeptError(told)
    return found


def _collected(row: models.Model) -> Collector:
    """What Django itself would delete: every row is found by whatever way it hangs on this one."""
    found = Collector(using=router.db_for_write(type(row)), origin=row)
    found.collect([row])
    return found


def _tables(found: Collector, row: models.Model) -> Iterator[Table]:
    loaded: Any = found.data
    for table, rows in loaded.items():
        if not table._meta.auto_created and set(rows) - {row}:
            yield table
    for lazy in found.fast_deletes:
        if not lazy.model._meta.auto_created and lazy.exists():
            yield lazy.model


def _too_many(found: Collector) -> str:
    """No table is counted: of its events no more are looked at than there may be."""
    most = left = settings.REMOVAL["most_events"]
    events: dict[Table, Any] = {}
    for lazy in found.fast_deletes:
        if lazy.model._meta.label in settings.REMOVAL["events"]:  # one may hang on it by its project and by its version
            events[lazy.model] = events[lazy.model] | lazy if lazy.model in events else lazy
    for rows in events.values():
        left -= rows.order_by().values("pk")[: left + 1].count()
        if left < 0:
            days = max(settings.RETENTION["events"], settings.RETENTION["logs"]).days
            told = _(
                "More than %(most)s stored events would go with it, too many for one request. Export what you want to keep, "
                "send nothing more of it, and remove it when retention has taken them: they are kept %(days)d days."
            )
            return told % {"most": f"{most:,}", "days": days}
    return ""


def _held(rows: set[Any], instead: str) -> str:
    """What refers to it, by name."""
    found = sorted({f"{row._meta.verbose_name} “{row}”" for row in rows})
    more = ", …" if len(found) > SHOWN else ""
    return f"It is held by {', '.join(found[:SHOWN])}{more}. {instead or 'Change or remove these first.'}"


def _names(tables: list[Table]) -> str:
    """In words; what people define is known to them and comes first."""
    known = {*settings.REMOVAL["kept"], *settings.REMOVAL["asked"]}
    ordered = sorted(tables, key=lambda table: table._meta.label not in known)
    found = list(dict.fromkeys(str(table._meta.verbose_name_plural) for table in ordered))
    return ", ".join(found[:SHOWN]) + (", …" if len(found) > SHOWN else "")


def _may_remove(table: Table, person: User | None) -> bool:
    """Records never go along; what people define goes with their permission to delete it, by keys without; the rest goes."""
    label = table._meta.label
    if label in settings.REMOVAL["kept"]:
        return False
    if person is None or label not in settings.REMOVAL["asked"]:
        return True
    return person.has_perm(f"{table._meta.app_label}.delete_{table._meta.model_name}")
