"""The tabs of a model's page, in order. A new one: a module with its TAB, a template of its slug, a line here."""

from panel.pages.model_tabs import (
    answers,
    business,
    cost,
    estimate,
    evaluations,
    feedback,
    inputs,
    overview,
    pipeline,
    policies,
    prompts,
    quality,
    segments,
    versions,
)
from panel.pages.model_tabs.tab import Sight as Sight
from panel.pages.model_tabs.tab import Tab as Tab

TABS: tuple[Tab, ...] = (
    overview.TAB,
    quality.TAB,
    estimate.TAB,
    inputs.TAB,
    cost.TAB,
    policies.TAB,
    answers.TAB,
    evaluations.TAB,
    prompts.TAB,
    pipeline.TAB,
    feedback.TAB,
    segments.TAB,
    business.TAB,
    versions.TAB,
)


def tabs_for(kind: str) -> list[Tab]:
    """The tabs of a model of this kind."""
    return [tab for tab in TABS if kind in tab.kinds]
