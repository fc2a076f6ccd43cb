"""The machine's own records to look at. Events are in the explorers, never here."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lib import clock
from models_registry.admin_bases.shown_only import ShownOnly
from monitoring.drain.dead_letters import replay
from monitoring.models import BatchRun, DeadLetter, StageRun


@admin.register(StageRun)
class StageRunAdmin(ShownOnly):
    """When each stage last ran, how long it took and what it said."""

    list_display = ("stage", "finished_at", "seconds", "seen", "written", "failures", "last_error")


@admin.register(DeadLetter)
class DeadLetterAdmin(ShownOnly):
    """Items that could not be stored; mend the cause, then replay."""

    list_display = ("at", "kind", "project", "error")
    list_filter = ("kind",)
    list_select_related = ("project",)
    fields = ("at", "project", "kind", "error", "text")
    readonly_fields = fields
    actions = ("replay_selected",)

    @admin.display(description=_("item"))
    def text(self, letter: DeadLetter) -> str:
        """The item as it was accepted."""
        return bytes(letter.item).decode("utf-8", "replace")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Editors replay; the page itself stays read-only."""
        return request.user.has_perm("monitoring.change_deadletter")

    @admin.action(description=_("Replay: put back into the inbox"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        """Each goes back alone, so one that fails again does not hold the others."""
        letters = list(queryset)
        for letter in letters:
            replay(letter, now=clock.now())
        told = ngettext("%(n)d item is back in the inbox.", "%(n)d items are back in the inbox.", len(letters))
        self.message_user(request, told % {"n": len(letters)}, messages.SUCCESS)


@admin.register(BatchRun)
class BatchRunAdmin(ShownOnly):
    """What jobs said of their runs."""

    list_display = (
        "run",
        "version",
        "environment",
        "state",
        "started_at",
        "finished_at",
        "rows",
        "rows_expected",
        "rows_failed",
    )
    list_filter = ("state", "project")
    list_select_related = ("version__model",)
    search_fields = ("run", "version__model__slug")
