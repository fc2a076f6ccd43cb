"""A page whose form shows what would follow before anything is saved."""

from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.http import HttpRequest, HttpResponse

from lib import clock

PREVIEW: Final = "_preview"


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
