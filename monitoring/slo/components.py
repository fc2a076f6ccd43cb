"""What composites are made of: read as people write it, and kept."""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from models_registry.models import Project
from monitoring.models import SLO, Component


def read_components(project: Project, given: object) -> list[Component]:
    """Weights by the slug of an SLO of the project, or slugs that weigh 1 each, as they are not yet kept; `ValidationError`
    with a sentence for each that cannot be one.
    """
    weights = _weights(given)
    found = {slo.slug: slo for slo in SLO.objects.filter(project=project, slug__in=weights).select_related("model")}
    wrong = [_("There is no SLO “%(slug)s” in the project.") % {"slug": slug} for slug in weights if slug not in found]
    wrong += [
        _("The weight of “%(slug)s” is no number: write for example 2.") % {"slug": slug}
        for slug, weight in weights.items()
        if isinstance(weight, bool) or not isinstance(weight, int | float)
    ]
    if wrong:
        raise ValidationError(wrong)
    return [Component(slo=found[slug], weight=float(str(weight))) for slug, weight in weights.items()]


def read_lines(project: Project, text: str) -> list[Component]:
    """The same of a line each: a slug, and its weight where it is not 1."""
    weights: dict[str, object] = {}
    for line in filter(str.strip, text.splitlines()):
        slug, *weight = line.replace("=", " ").replace(":", " ").split()
        if slug in weights:
            raise ValidationError(_("“%(slug)s” is named twice: give it one weight.") % {"slug": slug})
        weights[slug] = _number(" ".join(weight)) if weight else 1
    return read_components(project, weights)


def written(parts: Sequence[Component]) -> dict[str, float]:
    """Weights by slug, whole ones without a fraction."""
    return {one.slo.slug: int(one.weight) if one.weight.is_integer() else one.weight for one in parts}


@transaction.atomic
def set_components(slo: SLO, parts: Sequence[Component]) -> bool:
    """Make the SLO of these and no others; whether that changed anything."""
    kept = Component.objects.filter(composite=slo)
    wanted = {one.slo_id: one.weight for one in parts}
    if dict(kept.values_list("slo", "weight")) == wanted:
        return False
    kept.delete()
    rows = [Component(composite=slo, slo=one.slo, weight=one.weight) for one in parts]
    slo.parts = Component.objects.bulk_create(rows)
    return True


def _weights(given: object) -> dict[str, object]:
    if isinstance(given, Mapping):
        return {str(slug): weight for slug, weight in given.items()}
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        if len(set(given)) < len(given):
            raise ValidationError(_("An SLO is named twice: give it a weight instead."))
        return dict.fromkeys(given, 1)
    if given is None:
        return {}
    raise ValidationError(_("Write weights by the slug of an SLO, such as {“checkout”: 2, “search”: 1}."))


def _number(text: str) -> object:
    """The text itself where it is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text
