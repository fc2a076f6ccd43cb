"""Whether an objective can have a budget for every version, or every value of a segment key."""

from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from models_registry.models import Model
from monitoring.models import COMPOSITE, SLO, Component
from monitoring.selectors.components import load_components
from monitoring.selectors.groups import VERSION
from monitoring.selectors.segments import keys_by_model, keys_of

Watched = SLO | Model  # what a rule on an objective, and one on a measure, watches


def grouping_problem(watched: Watched, key: str) -> str:
    """Why an objective has no budget, or a model no reading, per value of this key; empty where it has, and of no key."""
    return grouping_problems([(watched, key)])[0]


def grouping_problems(asked: Sequence[tuple[Watched, str]]) -> list[str]:
    """The same of each, in their order: at most two statements for any number, for components that were not read and for keys.

    Of a key that is declared and has no value yet nothing is wrong: there is nothing to group so far.
    """
    load_components(one for one, key in asked if key and isinstance(one, SLO))
    keys = keys_by_model(model for one, key in asked if key not in ("", VERSION) for model in _models(one))
    return [_problem(one, key, keys) for one, key in asked]


def _models(watched: Watched) -> list[Model]:
    """Those that must know the key."""
    if isinstance(watched, Model):
        return [watched]
    if watched.sli == COMPOSITE:
        return [part.slo.model for part in watched.parts or ()]
    return [watched.model]


def _problem(watched: Watched, key: str, keys: Mapping[int, Collection[str]]) -> str:
    if not key:
        return ""
    if isinstance(watched, SLO) and watched.sli == COMPOSITE:
        return _composite_problem(watched, key, keys)
    [model] = _models(watched)
    if key == VERSION or key in keys[model.pk]:
        return ""
    return _(
        "%(model)s does not declare the segment key %(key)s: declare it there, or write version or a key that it declares."
    ) % {"model": model.slug, "key": key}


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
