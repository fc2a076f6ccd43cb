"""Wiring: settings, urls, schedule, process supervisor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    """The config room."""

    name = "config"
    verbose_name = _("Configuration")

    def ready(self) -> None:
        """Register the checks of the installation."""
        from config import checks  # noqa: F401, PLC0415 - registering is all it does
