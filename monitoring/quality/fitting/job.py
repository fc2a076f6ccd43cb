"""A fitting job: one estimator, of a version's labelled window or of the rows of its reference. The fit goes before the step."""

from datetime import datetime
from typing import NamedTuple

from models_registry.jobs import JobError, Step
from models_registry.models import Job, Model, ModelVersion
from monitoring.measures.series import subjects_of
from monitoring.models import Estimator, LossTrees, Reference, ReferenceSample
from monitoring.quality.fitting.fit import FEWEST, Fit, fit
from monitoring.quality.fitting.losses import fit_losses
from monitoring.quality.fitting.windows import tallies_of_sample, tallies_of_window
from monitoring.selectors.estimators import definition
from monitoring.selectors.references import profile_by
from monitoring.stats.fitted import pack
from monitoring.stats.sample import Sample, unpack
from monitoring.stats.tally import Tally
from monitoring.stats.trees import pack as pack_trees
from monitoring.summaries.reach import place

GONE = "This version or its reference is gone, so there is nothing to estimate."


class Made(NamedTuple):
    """An estimator that is not saved yet, of a regression with the trees that predictions are folded by."""

    estimator: Estimator
    trees: LossTrees | None


def fit_estimator(job: Job, *, now: datetime) -> Made | None:
    """Read and fit, which may take long and writes nothing; None where the rows of the reference have no labels.

    The arguments name a version and either a reference or a window.
    """
    version = ModelVersion.objects.select_related("model__project").filter(pk=job.arguments["version"]).first()
    if version is None:
        raise JobError(GONE)
    if job.arguments.get("reference") is not None:
        return _of_reference(version, int(job.arguments["reference"]), now=now)
    if version.model.kind == Model.Kind.REGRESSION:
        raise JobError(
            "The losses of a regression are fitted on the rows of a reference: send one with `prediction` and `label`."
        )
    start, end = (datetime.fromisoformat(job.arguments[name]) for name in ("from", "to"))
    found = _fit(version, *tallies_of_window(version, start=start, end=end))
    row = Estimator(origin=Estimator.Origin.HISTORY, start=start, end=end, created_at=now)
    return _filled(row, version, found)


def keep_estimator(job: Job, made: Made | None, *, now: datetime) -> Step:
    """The one step: what was fitted becomes a row, if what it is of is still there, and its trees get their place."""
    if made is None:
        return Step({}, 0, finished=True, report={"skipped": "the rows of this reference have no labels"})
    estimator = made.estimator
    if not _is_still_there(estimator):
        raise JobError(GONE)
    estimator.save()
    if made.trees is not None:
        made.trees.estimator = estimator
        place(made.trees, estimator.version, kind="trees", now=now)
    report = {"estimator": estimator.pk, "rows": estimator.rows}
    return Step({}, estimator.rows, finished=True, report=report)


def _is_still_there(estimator: Estimator) -> bool:
    """What it was fitted on."""
    if estimator.reference_id:
        return Reference.objects.filter(pk=estimator.reference_id, version=estimator.version_id).exists()
    return ModelVersion.objects.filter(pk=estimator.version_id).exists()


def _of_reference(version: ModelVersion, reference_id: int, *, now: datetime) -> Made | None:
    kept = ReferenceSample.objects.select_related("reference").filter(reference=reference_id).first()
    sample = unpack(bytes(kept.data)) if kept else None
    if kept is None or sample is None or not has_labels(sample):
        return None
    if version.model.kind == Model.Kind.REGRESSION:
        found = fit_losses(profile_by(kept.reference.layout), sample)
    else:
        found = _fit(version, *tallies_of_sample(version, sample))
    row = Estimator(origin=Estimator.Origin.REFERENCE, reference=kept.reference, created_at=now)
    return _filled(row, version, found)


def has_labels(sample: Sample) -> bool:
    """Whether a fit is worth trying."""
    return len(sample.label) - sample.label.count(None) >= FEWEST and bool(
        sample.score or sample.scores or sample.prediction
    )


def _fit(version: ModelVersion, whole: Tally, parts: list[Tally]) -> Fit:
    return fit(whole, parts, subjects_of([version.model])[version.model_id])


def _filled(row: Estimator, version: ModelVersion, found: Fit) -> Made:
    row.version, row.rows, row.fit = version, found.rows, pack(found.calibrations, found.baselines, found.losses)
    row.kind, row.positive_label = definition(version.model)
    if found.trees is None:
        return Made(row, None)
    layout, data = pack_trees(found.trees)
    return Made(row, LossTrees(layout=layout, data=data))
