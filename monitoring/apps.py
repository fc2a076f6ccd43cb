"""What is true: events, summaries, measures, objectives."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    """The monitoring room."""

    name = "monitoring"
    verbose_name = _("Monitoring")
