"""How a project turns alerts into incidents."""

from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from alerting.labels.identity import DEFAULT_LABELS
from alerting.labels.validators import check_label_names
from models_registry.models import Project

LONGEST_WINDOW: Final = timedelta(days=7)


def default_labels() -> list[str]:
    """One incident per model."""
    return list(DEFAULT_LABELS)


class IncidentPolicy(models.Model):
    """One per project; a project without one has the defaults."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="incident_policy", verbose_name=_("project"))
    labels = models.JSONField(
        _("grouped into incidents by"),
        default=default_labels,
        blank=True,
        validators=[check_label_names],
        help_text=_(
            "Labels that alerts of one incident have in common; none: every alert of the project joins one incident."
        ),
    )
    reopen_within = models.DurationField(
        _("reopened within"),
        default=timedelta(minutes=30),
        help_text=_(
            "An alert that fires this soon after its incident was resolved reopens it instead of opening another. "
            "00:30:00 is half an hour; zero: never."
        ),
    )

    hold_flapping = models.BooleanField(
        _("tell once of what flaps"),
        default=True,
        help_text=_("An alert that begins and ends again and again keeps its incident open and is told once."),
    )

    class Meta:
        """Listed by project."""

        verbose_name = _("incident policy")
        verbose_name_plural = _("incident policies")
        ordering = ["project"]

    def __str__(self) -> str:
        return str(self.project)

    def clean(self) -> None:
        """A window of a week at most: what comes back later is another incident."""
        if not timedelta(0) <= self.reopen_within <= LONGEST_WINDOW:
            raise ValidationError({"reopen_within": _("Choose from 00:00:00 (never) to 7 00:00:00, which is a week.")})


def incident_policy(project_id: int) -> IncidentPolicy:
    """The project's, or an unsaved one with the defaults."""
    return IncidentPolicy.objects.filter(project=project_id).first() or IncidentPolicy(project_id=project_id)
