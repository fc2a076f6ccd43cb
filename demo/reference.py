"""Tell the panel what the versions of the classifier were trained on."""

from datetime import datetime
from functools import partial
from itertools import starmap
from typing import Any

from demo import credit
from demo.applicants import TRAINED_ON, Applicant, inputs, training_set
from demo.play import scorecards
from demo.scenarios.silent_degradation import BEFORE
from demo.scorecard import Scorecard
from models_registry.models import Model, ModelVersion, Project
from monitoring.models import Reference
from monitoring.references import freeze, set_reference
from monitoring.stats.sample import sample_of


def refer_first(project: Project, *, seed: int, now: datetime) -> None:
    """Register the version of the credit model that serves first, with its reference: its inputs count from the start."""
    model = Model.objects.filter(project=project, slug=credit.MODEL).first()
    if model is not None:
        ModelVersion.objects.get_or_create(model=model, version=BEFORE, defaults={"reviewed": True})
        refer(project, seed=seed, now=now)


def refer(project: Project, *, seed: int, now: datetime) -> None:
    """A reference, made of its training set, for every version that serves and has none yet."""
    serving = ModelVersion.objects.filter(model__project=project, model__slug=credit.MODEL, version__in=TRAINED_ON)
    for version in serving.exclude(pk__in=Reference.objects.values("version_id")):
        people, labels = training_set(version.version, seed=seed, newcomers=TRAINED_ON[version.version])
        card = next(card for card in scorecards(seed) if card.version == version.version)
        sample = sample_of(starmap(partial(_row, card), zip(people, labels, strict=True)))
        set_reference(version, freeze(version, sample), origin=Reference.Origin.ROWS, now=now, sample=sample)


def _row(card: Scorecard, who: Applicant, defaulted: bool) -> dict[str, Any]:
    """One applicant as the service would have answered them, with what became of them."""
    score = card.score(inputs(who))
    return {
        "features": who._asdict(),
        "prediction": credit.named(score >= credit.THRESHOLD),
        "score": round(score, 6),
        "label": credit.named(defaulted),
    }
