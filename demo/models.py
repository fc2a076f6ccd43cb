"""How far a story has been told: the one thing that a demonstration must remember."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Project


class Play(models.Model):
    """A story being played into a project. Everything before `through` has been posted."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="+", verbose_name=_("project"))
    seed = models.BigIntegerField(_("seed"))
    origin = models.DateTimeField(_("origin"))
    episodes = models.JSONField(_("episodes"), default=list, help_text='["scenario", onset in epoch seconds] each.')
    through = models.DateTimeField(_("told through"))
    seeded = models.BooleanField(_("seeded"), default=False)

    class Meta:
        """One story per project."""

        verbose_name = _("play")
        verbose_name_plural = _("plays")

    def __str__(self) -> str:
        return f"{self.project} · {self.through:%Y-%m-%d %H:%M}"
