"""The form of evaluators, which shows what would pass and fail among the newest calls before anything is saved."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.models import construct_instance
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lib import clock
from models_registry.admin_bases.foreseen import Foreseen
from models_registry.admin_bases.signed_in import person
from models_registry.models import Project
from monitoring.llm.evaluators.settings import SETTINGS, SettingsError
from monitoring.models import Evaluator
from monitoring.quality.evaluator_tryout import Tryout, try_evaluator
from monitoring.quality.rejudge import start_rejudge
from monitoring.validate import evaluator_problems


def kinds() -> list[tuple[str, str]]:
    """Each with the word that settings and files call it by; asked for with each form, in its reader's language."""
    return [("", "—"), *((kind.value, f"{kind.label} ({kind.value})") for kind in Evaluator.Kind)]


class EvaluatorForm(forms.ModelForm[Evaluator]):
    """A check of answers; one that could judge nothing is refused with the mend."""

    kind = forms.ChoiceField(label=_("what is judged"), choices=kinds)

    class Meta:
        """Everything a person decides."""

        model = Evaluator
        fields = (
            *("project", "name", "slug", "description", "model", "environment", "prompt_name"),
            *("kind", "settings", "share", "enabled"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        examples = format_html_join(
            "", "<br><code>{}</code> {}", ((kind, one.example) for kind, one in SETTINGS.items())
        )
        told = _("What may stand here, by what is judged:")
        self.fields["settings"].help_text = format_html("{}{}", told, examples)

    def clean(self) -> dict[str, Any] | None:
        """Addresses beside those of evaluators are no slugs."""
        cleaned = super().clean()
        if not self.errors:
            for field, problem in evaluator_problems(construct_instance(self, Evaluator())).items():
                self.add_error(field, problem)
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """Settings that could not be read are told of once: what the evaluator says is of those that it has instead."""
        if field is None and "settings" in self.errors:
            getattr(error, "error_dict", {}).pop("settings", None)
        super().add_error(field, error)


@admin.register(Evaluator)
class EvaluatorAdmin(Foreseen):
    """What is judged of every answer, by its text alone."""

    form = EvaluatorForm
    list_display = ("name", "model", "kind", "environment", "prompt_name", "share", "enabled")
    list_filter = ("project", "kind", "enabled")
    list_select_related = ("model", "project")
    search_fields = ("name", "slug", "model__slug")
    prepopulated_fields = {"slug": ("name",)}
    actions = ("judge_again",)
    fieldsets = (
        (None, {"fields": ("project", "name", "slug", "description", "enabled")}),
        (_("Which calls"), {"fields": ("model", "environment", "prompt_name", "share")}),
        (
            _("A good answer…"),
            {
                "fields": ("kind", "settings"),
                "description": _(
                    "Answers that arrive from now on are judged; what was said of earlier ones is kept until somebody has them "
                    "judged again (an action on the list). A call without the text of its answer is not judged, and is no failure."
                ),
            },
        ),
    )

    def foresee(self, asked: Evaluator, *, now: datetime, **_beside: Any) -> Tryout | None:
        """What it says of the newest calls; nothing where its settings slipped past the form."""
        try:
            return try_evaluator(asked, now=now)
        except SettingsError:
            return None

    @admin.action(
        description=_("Past answers: judge them again by the evaluators as they are now"), permissions=["change"]
    )
    def judge_again(self, request: HttpRequest, queryset: QuerySet[Evaluator]) -> None:
        """All stored answers of the projects of these evaluators, by all that the projects have."""
        now = clock.now()
        projects = list(Project.objects.filter(pk__in=queryset.values("project_id")))
        for project in projects:
            start_rejudge(project, start=now - settings.RETENTION["events"], end=now, now=now, by=person(request))
        told = ngettext(
            "%(n)d job has started; its page is Collection health.",
            "%(n)d jobs have started; their page is Collection health.",
            len(projects),
        )
        self.message_user(request, told % {"n": len(projects)}, messages.SUCCESS)
