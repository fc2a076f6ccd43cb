"""A story told through the public API."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    """The demo room."""

    name = "demo"
    verbose_name = _("Demonstration")
