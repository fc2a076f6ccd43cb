"""Who must know: rules, alerts, incidents, notifications."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertingConfig(AppConfig):
    """The alerting room."""

    name = "alerting"
    verbose_name = _("Alerting")
