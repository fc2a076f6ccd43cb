"""What an export has written so far. In the database, so that whichever process is asked for it can give it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models.jobs import Job


class ExportPart(models.Model):
    """A piece of the file, compressed (zlib); pieces in order are the file. Dropped once the export is past its time."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts", verbose_name=_("job"))
    position = models.PositiveIntegerField(_("position"))
    body = models.BinaryField(_("piece"))

    class Meta:
        """Read in order, one at a time."""

        verbose_name = _("part of an export")
        verbose_name_plural = _("parts of exports")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["job", "position"], name="export_part_in_order")]

    def __str__(self) -> str:
        return f"{self.job} {self.position}"
