"""Who: projects, models, versions, keys, people and the clock."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModelsRegistryConfig(AppConfig):
    """The leftmost room with tables."""

    name = "models_registry"
    verbose_name = _("Models registry")
