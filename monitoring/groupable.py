"""Whether an objective can have a budget for every version, or every value of a segment key."""

from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from monitoring.models import COMPOSITE, SLO, Component
from monitoring.selectors.components import load_components
from monitoring.selectors.groups import VERSION
from monitoring.selectors.segments import keys_by_model, keys_of


def grouping_problem(slo: SLO, key: str) -> str:
    """Why the objective has no budget per value of this key; empty where it has, and of no key."""
    if not key:
        return ""
    load_components([slo])
    if slo.sli == COMPOSITE:
        return composite_problems([(slo, key)])[0]
    if key not in (VERSION, *keys_of(slo.model)):
        return _("Write version, or a segment key that the model declares.")
    return ""


def composite_problems(asked: Sequence[tuple[SLO, str]]) -> list[str]:
    """The same of composites whose components were read, each with a key: at most one statement for any number."""
    keys = keys_by_model(part.slo.model for slo, key in asked if key != VERSION for part in slo.parts or ())
    return [_composite_problem(slo, key, keys) for slo, key in asked]


def _composite_problem(slo: SLO, key: str, keys: Mapping[int, Collection[str]]) -> str:
    """Every component must know the key, and what its values are must be the same in all of them."""
    for part in (one.slo for one in slo.parts or ()):
        named = {"slug": part.slug, "model": part.model.slug, "key": key, "home": slo.model.slug}
        if key == VERSION and part.model_id != slo.model_id:
            return (
                _(
                    "Versions are of one model, and its component “%(slug)s” is of %(model)s, not of %(home)s: choose a segment "
                    "key that all models declare, or leave this empty."
                )
                % named
            )
        if key != VERSION and key not in keys[part.model_id]:
            return (
                _(
                    "Its component “%(slug)s” is of %(model)s, which does not declare the segment key %(key)s: declare it there, "
                    "or choose another key."
                )
                % named
            )
    return ""


def moved_problem(slo: SLO) -> str:
    """Why it cannot be of this model, and was of another, where a composite of it is grouped."""
    grouped = Component.objects.filter(slo=slo).exclude(composite__group_by="").exclude(slo__model=slo.model_id)
    for composite in (one.composite for one in grouped.select_related("composite")):
        key = composite.group_by
        knows = slo.model_id == composite.model_id if key == VERSION else key in keys_of(slo.model)
        if not knows:
            return _(
                "It is a component of %(named)s, which has one budget per %(key)s, and this model has none of those: take it "
                "out there first."
            ) % {"named": composite, "key": key}
    return ""
