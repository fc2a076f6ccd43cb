"""What the admins of every room share: pages that only show, who is asking, which JSON may be written, and fields for times."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.options import FORMFIELD_FOR_DBFIELD_DEFAULTS
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from lib import clock
from models_registry.durations import LONGEST_LENGTH, read_duration
from models_registry.models import Project, User
from models_registry.storable import StorableJSON

PREVIEW: Final = "_preview"
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


class ShownOnly(admin.ModelAdmin[Any]):
    """Rows that machines write: people look, nobody adds, edits or deletes; growing tables are not counted twice."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class Foreseen(admin.ModelAdmin[Any]):
    """A form with a button that shows what would follow from it, and saves nothing: what was typed stays as it was."""

    def foresee(self, asked: Any, *, now: datetime, **beside: Any) -> Any:
        """What follows, for the template as `foresight`; `asked` is valid and perhaps unsaved. `beside` is what the form
        shows beside."""
        raise NotImplementedError

    def beside(self, request: HttpRequest, *, now: datetime) -> dict[str, Any]:
        """What a person may choose for the foresight alone, by its name in the template: of most forms nothing."""
        return {}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without links to the forms of what is chosen: they lead away from what was typed. Another one can be added."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_change_related = widget.can_view_related = widget.can_delete_related = False
        return field

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """One that is never good enough to save, where only its foresight is asked for."""
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (_OnlyAsked, form), {}) if PREVIEW in request.POST else form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With what follows from what was typed, or from what is saved."""
        form, saved = context["adminform"].form, kwargs.get("obj")
        asked = form.instance if form.is_bound and not form.errors else saved if not form.is_bound else None
        context["previews"] = True
        context["previewed"] = PREVIEW in request.POST
        now = clock.now()
        beside = self.beside(request, now=now)
        context |= beside
        context["foresight"] = None if asked is None else self.foresee(asked, now=now, **beside)
        return super().render_change_form(request, context, *args, **kwargs)


class _OnlyAsked(forms.ModelForm[Any]):
    """Valid or not, it comes back to whoever typed it."""

    def is_valid(self) -> bool:
        """Never, though its errors are those of the form."""
        super().is_valid()
        return False


def person(request: HttpRequest) -> User:
    """Who is signed in; pages that ask are behind a login."""
    if not isinstance(request.user, User):
        raise PermissionError("Sign in first.")
    return request.user
