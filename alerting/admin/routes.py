"""Forms for routes, their escalation steps, and quiet hours."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from alerting.form_fields import MatchersField
from alerting.labels.matchers import MatcherError, from_json, parse_lines, to_json
from alerting.labels.validators import sentence
from alerting.models import EscalationStep, QuietHours, Route
from alerting.validate import route_problems
from models_registry.admin_bases.fields import WallClock


class RouteMatchersField(MatchersField):
    """Unlike a silence, a route may take what lacks a label (severity!="page"), and the root takes everything."""

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """Refused with the mend where it could not be asked."""
        try:
            return to_json(parse_lines(forms.CharField.clean(self, value) or ""))
        except MatcherError as error:
            raise ValidationError(sentence(error)) from error


class RouteForm(forms.ModelForm[Route]):
    """A branch of the tree, refused with the mend where it could not stand."""

    matchers = RouteMatchersField(label=_("Matchers"), required=False)

    class Meta:
        """Everything a person decides."""

        model = Route
        fields = (
            *("project", "parent", "name", "position", "matchers", "keep_going", "channels"),
            *("group_wait", "group_interval", "repeat_interval"),
        )

    def clean(self) -> dict[str, Any] | None:
        """What the fields do not see alone."""
        cleaned = super().clean() or {}
        if not self.errors:
            for field, problem in route_problems(self.instance.pk, cleaned).items():
                self.add_error(field, problem)
        return cleaned


class StepFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at runtime
    """Steps tell channels of the route's own project."""

    def clean(self) -> None:
        """A channel of another project would be told of what it may not know."""
        super().clean()
        for form in self.forms:
            channels = form.cleaned_data.get("channels", []) if form.is_valid() else []
            if any(channel.project_id != self.instance.project_id for channel in channels):
                form.add_error("channels", _("Choose channels of the same project."))


class StepInline(admin.TabularInline[EscalationStep, Route]):
    """Whom to tell when nobody acknowledges."""

    model = EscalationStep
    formset = StepFormSet
    extra = 0
    fields = ("after", "channels")


@admin.register(Route)
class RouteAdmin(admin.ModelAdmin[Route]):
    """Which way alerts go. The page “Who is told” shows the whole tree and tries it."""

    form = RouteForm
    list_display = ("name", "parent", "position", "matchers_text", "keep_going", "project")
    list_filter = ("project",)
    list_select_related = ("parent", "project")
    search_fields = ("name",)
    filter_horizontal = ("channels",)
    inlines = (StepInline,)
    fieldsets = (
        (None, {"fields": ("project", "parent", "name", "position")}),
        (_("What it takes"), {"fields": ("matchers", "keep_going")}),
        (_("Whom it tells, and when"), {"fields": ("channels", "group_wait", "group_interval", "repeat_interval")}),
    )

    @admin.display(description=_("matchers"))
    def matchers_text(self, route: Route) -> str:
        """As people write them."""
        return ", ".join(map(str, from_json(route.matchers)))


class QuietHoursForm(forms.ModelForm[QuietHours]):
    """Days as boxes; of one channel or of one person."""

    days = forms.TypedMultipleChoiceField(
        label=_("Beginning on"), choices=tuple(WEEKDAYS.items()), coerce=int, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        """Everything a person decides."""

        model = QuietHours
        fields = ("project", "name", "channel", "person", "starts", "ends", "days", "zone", "pages_pass")
        help_texts = {"zone": _("Such as America/Sao_Paulo, Europe/Berlin, UTC.")}
        widgets: ClassVar = {"starts": WallClock, "ends": WallClock}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].initial = timezone.get_default_timezone_name()

    def clean(self) -> dict[str, Any] | None:
        """Exactly one of channel and person, of the same project."""
        cleaned = super().clean() or {}
        channel, person = cleaned.get("channel"), cleaned.get("person")
        unread = self.errors.keys() & {"channel", "person"}
        if not unread and (channel is None) == (person is None):
            # At the fields: what is wrong with a field keeps the table's own constraint from speaking too.
            for name in ("channel", "person"):
                self.add_error(name, _("Choose a channel or a person, and not both."))
        elif channel is not None and channel.project != cleaned.get("project"):
            self.add_error("channel", _("The channel belongs to another project."))
        return cleaned


@admin.register(QuietHours)
class QuietHoursAdmin(admin.ModelAdmin[QuietHours]):
    """When somebody is left alone."""

    form = QuietHoursForm
    list_display = ("name", "__str__", "zone", "pages_pass", "project")
    list_filter = ("project",)
    list_select_related = ("channel", "person", "project")
