"""Fields that the forms of every room have: JSON that can be kept, a choice, how long, a time on the wall."""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from django import forms
from django.contrib.admin.options import FORMFIELD_FOR_DBFIELD_DEFAULTS
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.durations import LONGEST_LENGTH, read_duration
from models_registry.models import Project
from models_registry.storable import StorableJSON

WEEK: Final = tuple("0123456")

# Read when an admin is registered; this room's are the first.
FORMFIELD_FOR_DBFIELD_DEFAULTS[models.JSONField] = {"form_class": StorableJSON}


class Chosen(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at runtime
    """A thing of another table. Where there is but one project, a new row is of it."""

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        """Asked when the form is shown, for projects come and go."""
        if self.queryset is not None and self.queryset.model is Project and self.required and not form.is_bound:
            self.initial = _only_project
        return super().get_bound_field(form, field_name)


def _only_project() -> int | None:
    found = list(Project.objects.values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None


FORMFIELD_FOR_DBFIELD_DEFAULTS[models.ForeignKey] = {"form_class": Chosen}


class Length(forms.DurationField):
    """How long: as Django writes it, or as files and the API do."""

    default_error_messages = {"invalid": _("Write how long: 30d, 12h, 5m or 1h30m. 30 00:00:00 is 30 days, too.")}

    def to_python(self, value: Any) -> Any:
        """30d is 30 days."""
        seconds = read_duration(value.strip()) if isinstance(value, str) and len(value) <= LONGEST_LENGTH else None
        return super().to_python(value if seconds is None else str(seconds))


FORMFIELD_FOR_DBFIELD_DEFAULTS[models.DurationField] = {"form_class": Length}


class WallClock(forms.TimeInput):
    """A time on the wall's clock of a zone that is named beside it: Django's own field speaks of the server's time there."""

    input_type = "time"

    def format_value(self, value: Any) -> str | None:
        """Browsers take no more than they need; seconds that somebody set stay."""
        if isinstance(value, time):
            return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
        return super().format_value(value)


def days_given(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the address of a form fills in, its days of the week (`days=0,6`) as a list."""
    days = [int(day) for day in str(given.get("days", "")).split(",") if day in WEEK]
    return {**given, "days": days} if days else {name: one for name, one in given.items() if name != "days"}
