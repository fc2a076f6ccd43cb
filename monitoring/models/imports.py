"""How far the import of a file has come, in the database that it goes into."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Project
from monitoring.models.inbox import EventKind


class HistoryImport(models.Model):
    """One file, told by its bytes, as events of one kind: written with each block in the transaction that stores it."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    digest = models.CharField(max_length=64, help_text="Of the bytes of the file.")
    name = models.CharField(max_length=255, help_text="What the file was called.")
    reading = models.TextField(help_text="How its columns are read; another way would be another import.")
    through = models.BigIntegerField(default=0, help_text="The number of the last row that was dealt with.")
    accepted = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    finished = models.BooleanField(default=False)
    at = models.DateTimeField(help_text="Real time of the last block.")

    class Meta:
        """One row per file and kind."""

        verbose_name = _("import of history")
        verbose_name_plural = _("imports of history")
        constraints = [models.UniqueConstraint(fields=["project", "kind", "digest"], name="import_per_file")]

    def __str__(self) -> str:
        return f"{self.name}: {self.kind}"
