"""The prompts of an application, version by version."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import LLM
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.prompts import PromptsTab, prompts_of


def build(sight: Sight) -> PromptsTab:
    """Each version over the range, newest first."""
    return prompts_of(sight.model, start=sight.start, now=sight.now)


TAB = Tab("prompts", _("Prompts"), LLM, build)
