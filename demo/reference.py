"""Tell the panel what the versions of the classifier were trained on."""

from datetime import datetime

from demo import credit
from demo.applicants import TRAINED_ON, training_set
from demo.scenarios.silent_degradation import BEFORE
from models_registry.models import Model, ModelVersion, Project
from monitoring.models import Reference
from monitoring.references import profile_of_rows, set_reference


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
        people, _labels = training_set(version.version, seed=seed, newcomers=TRAINED_ON[version.version])
        profile = profile_of_rows([who._asdict() for who in people])
        set_reference(version, profile, origin=Reference.Origin.ROWS, now=now)
