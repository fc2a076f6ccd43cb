"""The last request as a whole that was refused, per reason: what a person who waits for a first event must learn."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_registry.models import Project


class RequestRefusal(models.Model):
    """One row per project and code, and per code of requests whose key nobody knows (`project` is null)."""

    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="+")
    code = models.CharField(max_length=64)
    path = models.CharField(max_length=100)
    detail = models.TextField(help_text="What the sender was told.")
    key_prefix = models.CharField(max_length=20, blank=True, help_text="The public part of the key, where it has one.")
    agent = models.CharField(max_length=200, blank=True, help_text="User-Agent of the sender.")
    at = models.DateTimeField(help_text="In real time.")

    class Meta:
        """One row per reason."""

        verbose_name = _("refused request")
        verbose_name_plural = _("refused requests")
        constraints = [
            models.UniqueConstraint(fields=["project", "code"], name="request_refusal_per_reason"),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(project__isnull=True), name="request_refusal_of_nobody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.path}"
