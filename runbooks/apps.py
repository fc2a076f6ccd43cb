"""What to do and what we learned: runbooks, runs, reviews."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RunbooksConfig(AppConfig):
    """The runbooks room."""

    name = "runbooks"
    verbose_name = _("Runbooks")
