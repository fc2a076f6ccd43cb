"""People, and how often somebody tried to be one of them."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person. Custom from the first migration so that it can grow."""


class LoginAttempts(models.Model):
    """Passwords tried lately for one user name from one address (`throttle`); kept for an hour, without either."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)
    free_at = models.DateTimeField(null=True)

    class Meta:
        """In real time; the index serves forgetting."""

        verbose_name = _("login attempts")
        verbose_name_plural = _("login attempts")

    def __str__(self) -> str:
        return f"{self.count} until {self.last_at:%Y-%m-%d %H:%M:%S}"
