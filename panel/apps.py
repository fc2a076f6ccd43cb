"""What a person sees first: every page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PanelConfig(AppConfig):
    """The panel room."""

    name = "panel"
    verbose_name = _("Panel")
