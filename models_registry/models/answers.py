"""Answers that were given, so that the same request sent again gets the same one."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class GivenAnswer(models.Model):
    """The answer to a write that carried an `Idempotency-Key`; without `status` it is being worked on. Real time."""

    key = models.BinaryField(_("key"), max_length=16, primary_key=True)  # of who asked, the address and their key
    asked = models.BinaryField(_("what was asked"), max_length=16)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    media_type = models.CharField(_("media type"), max_length=64, blank=True)
    body = models.BinaryField(_("answer"), default=b"", help_text=_("Sealed: an answer may show a key."))
    created_at = models.DateTimeField(_("created"), db_index=True)

    class Meta:
        """The index serves forgetting."""

        verbose_name = _("given answer")
        verbose_name_plural = _("given answers")

    def __str__(self) -> str:
        return f"{self.status or '…'} {self.created_at:%Y-%m-%d %H:%M:%S}"
