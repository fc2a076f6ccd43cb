"""The columns of a definition: read from its file, checked and written to its row."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from alerting.labels.matchers import MatcherError
from alerting.labels.validators import sentence
from config.definitions.given import Change, Given
from config.definitions.kinds import KEYS, Kind
from config.definitions.plain import shown, wrong_shape
from models_registry.durations import read_duration
from models_registry.models import LONGEST, Project


def read_columns(kind: Kind, project: Project, given: Given) -> dict[str, Any]:
    """Values by name, of those fields that the file has; what cannot be read is told and left out."""
    found: dict[str, Any] = {}
    for name in (name for name in kind.fields if name in given):
        column = kind.table._meta.get_field(name)
        try:
            found[name] = _read(kind, project, name, column, given[name])
        except ValidationError as error:
            given.invalid(error, name)
        except MatcherError as error:
            given.problem(sentence(error), name)
    return found


def _read(kind: Kind, project: Project, name: str, column: Any, value: Any) -> Any:
    if wrong := wrong_shape(column, value):
        raise ValidationError(wrong)
    if name in kind.forms:
        return kind.forms[name].read(value)
    if value is None:
        return None
    if name in kind.names:
        return _named(kind.names[name], project, value)
    if isinstance(column, models.DurationField):
        return read_length(value)
    return _decimal(value) if isinstance(column, models.DecimalField) else value


def _named(table: type[models.Model], project: Project, key: object) -> models.Model:
    row = table._default_manager.filter(project=project, **{KEYS[table]: key}).first()
    if row is None:
        raise ValidationError(f"there is no {table._meta.verbose_name} {key!r}")
    return row


def read_length(value: object) -> timedelta:
    """A number and a unit, or several; `ValidationError` where it is none, or too long a one."""
    seconds = read_duration(str(value).replace(" ", ""))
    if seconds is None:
        raise ValidationError(f"must be a duration such as 90s, 30m, 1h30m or 7d, not {value!r}")
    if seconds > LONGEST.total_seconds():
        raise ValidationError(f"must be at most {LONGEST.days}d, not {value}")
    return timedelta(seconds=seconds)


def _decimal(value: object) -> Decimal:
    """As it stands in the file: 0.15 is no fraction of two."""
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise ValidationError(f"must be a number, not {value!r}") from error


def write_columns(row: models.Model, values: dict[str, Any], given: Given, kind: Kind | None = None) -> bool:
    """Whether the row is right, and then stored, if anything of it is new; its change is told, or its problems are."""
    fresh = row._state.adding
    changed = [name for name, value in values.items() if fresh or getattr(row, name) != value]
    told = {name: ("" if fresh else shown(getattr(row, name)), shown(values[name])) for name in changed}
    for name in changed:
        setattr(row, name, values[name])
    try:
        row.clean_fields()
        if kind:  # in sentences that name the mend, before constraints say only that they are violated
            kind.check(row)
        row.full_clean()
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            if not given.is_told(name):
                given.problem(" ".join(messages), "" if name == "__all__" else name)
        return False
    if fresh or changed:
        row.save()
    action = "created" if fresh else "changed" if changed else "unchanged"
    given.report.changes.append(Change(given.path, action, changed, told))
    return True
