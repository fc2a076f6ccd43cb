"""Tell the panel what the versions of the models were trained on."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import starmap
from typing import Any

from demo import credit, delivery, orders
from demo.applicants import TRAINED_ON, Applicant, inputs, training_set
from demo.play import scorecards
from demo.scenarios.silent_degradation import BEFORE
from demo.scorecard import Scorecard
from models_registry.models import Model, ModelVersion, Project
from monitoring.drift.references import freeze, set_reference
from monitoring.models import Reference
from monitoring.stats.sample import sample_of

FIRST = {credit.MODEL: BEFORE, delivery.MODEL: orders.VERSION}


def refer_first(project: Project, *, seed: int, now: datetime) -> None:
    """Register the versions that serve first, with their references: their inputs count from the start."""
    for model in Model.objects.filter(project=project, slug__in=FIRST):
        ModelVersion.objects.get_or_create(model=model, version=FIRST[model.slug], defaults={"reviewed": True})
    refer(project, seed=seed, now=now)


def refer(project: Project, *, seed: int, now: datetime) -> None:
    """A reference, made of its training set, for every version that serves and has none yet."""
    trained = {*TRAINED_ON, orders.VERSION}
    serving = ModelVersion.objects.filter(model__project=project, model__slug__in=FIRST, version__in=trained)
    missing = serving.exclude(pk__in=Reference.objects.values("version_id")).select_related("model")
    for version in missing:
        card = next(card for card in scorecards(seed) if card.version == version.version)
        sample = sample_of(_rows(card, seed=seed))
        set_reference(version, freeze(version, sample), origin=Reference.Origin.ROWS, now=now, sample=sample)


def _rows(card: Scorecard, *, seed: int) -> Iterator[dict[str, Any]]:
    """The training set of a version, as it would have answered it."""
    if card.version in TRAINED_ON:
        people, labels = training_set(card.version, seed=seed, newcomers=TRAINED_ON[card.version])
        yield from starmap(partial(_applicant, card), zip(people, labels, strict=True))
        return
    past, taken = orders.training_set(seed=seed)
    yield from starmap(partial(_order, card), zip(past, taken, strict=True))


def _order(card: Scorecard, what: orders.Order, taken: float) -> dict[str, Any]:
    """One delivery with the minutes it took."""
    return {"features": what._asdict(), "prediction": delivery.expected(card, what), "label": taken}


def _applicant(card: Scorecard, who: Applicant, defaulted: bool) -> dict[str, Any]:
    """One applicant as the service would have answered them, with what became of them."""
    score = card.score(inputs(who))
    return {
        "features": who._asdict(),
        "prediction": credit.named(score >= credit.THRESHOLD),
        "score": round(score, 6),
        "label": credit.named(defaulted),
    }
