"""What has happened in a project since the last look, as lines for a terminal."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from alerting.models import AlertTransition, IncidentEvent
from models_registry.models import Project
from runbooks.models import Review
from runbooks.selectors import runbooks_for


class Watch:
    """Remembers what it has told; `news()` tells the rest once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._transition = self._event = self._review = 0

    def news(self) -> list[str]:
        """Transitions of alerts, what happened to incidents, new drafts of reviews; in order of time."""
        lines = [*self._transitions(), *self._events(), *self._reviews()]
        return [f"{timezone.localtime(at):%d/%m %H:%M} {text}" for at, text in sorted(lines)]

    def _transitions(self) -> list[tuple[datetime, str]]:
        rows = AlertTransition.objects.filter(alert__rule__project=self._project, pk__gt=self._transition)
        lines = []
        for row in rows.select_related("alert__rule").order_by("pk"):
            self._transition = row.pk
            states = f"{row.get_from_state_display()} → {row.get_to_state_display()}"
            lines.append((row.at, f"{row.alert.rule}: {states}. {row.reason}"))
        return lines

    def _events(self) -> list[tuple[datetime, str]]:
        rows = IncidentEvent.objects.filter(incident__project=self._project, pk__gt=self._event)
        lines = []
        for row in rows.exclude(kind=IncidentEvent.Kind.ALERT).select_related("incident").order_by("pk"):
            self._event = row.pk
            text = f"{row.incident}: {row.get_kind_display()} {row.text}".rstrip()
            if row.kind == IncidentEvent.Kind.OPENED:
                titles = ", ".join(str(runbook) for runbook in runbooks_for(row.incident))
                text = f"{text} · " + _("runbook: %(titles)s") % {"titles": titles or "-"}
            lines.append((row.at, text))
        return lines

    def _reviews(self) -> list[tuple[datetime, str]]:
        rows = Review.objects.filter(incident__project=self._project, pk__gt=self._review).order_by("pk")
        lines = []
        for row in rows.select_related("incident"):
            self._review = row.pk
            text = _("%(incident)s: review drafted") % {"incident": row.incident}
            lines.append((row.created_at, text))
        return lines
