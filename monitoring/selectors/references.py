"""References as they are needed by whoever reads them; whoever folds by them asks `monitoring.selectors.plans`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from django.db.models import QuerySet

from models_registry.models import Job, ModelVersion
from monitoring.models import Prediction, Reaching, Reference, ReferenceSample
from monitoring.selectors.spans import newest_first, within
from monitoring.stats.profile import Profile
from monitoring.stats.profile_data import from_json
from monitoring.stats.sample import Sample, unpack


@lru_cache(maxsize=256)
def profile_by(layout: str) -> Profile:
    """The profile that a layout names. A layout is made of the content, so what is remembered is never wrong."""
    found = Reference.objects.filter(layout=layout).values_list("profile", flat=True).first()
    if found is None:
        raise LookupError(layout)
    return from_json(bytes(found))


def current_reference(version_id: int) -> Reference | None:
    """The reference in force."""
    return Reference.objects.filter(version_id=version_id).first()


def read_sample(reference: Reference) -> Sample | None:
    """The rows behind a reference, or a part of them; None where only histograms were given."""
    found = ReferenceSample.objects.filter(reference=reference).values_list("data", flat=True).first()
    return None if found is None else unpack(bytes(found))


def first_prediction() -> int | None:
    """The lowest primary key of all that are stored."""
    first: int | None = Prediction.objects.order_by("id").values_list("id", flat=True).first()
    return first


def predictions_of(version: ModelVersion, *, start: datetime, end: datetime, environment: str) -> QuerySet[Prediction]:
    """The stored ones of a past window, newest first; of every environment if none is named."""
    mine = Prediction.objects.filter(project_id=version.model.project_id, version=version)
    if environment:
        mine = mine.filter(environment=environment)
    return newest_first(within(mine, start=int(start.timestamp() * 1_000_000), end=int(end.timestamp() * 1_000_000)))


@dataclass(frozen=True, slots=True)
class History:
    """How far back a reference, or an estimator, reaches.

    complete: every prediction is folded by it. partial: those from `since` on, the raw events of older ones being gone.
    folding: a job is at it, and has done this `share`. stopped: the job was cancelled or failed, with what it had done.
    """

    state: Literal["complete", "partial", "folding", "stopped"]
    since: datetime | None = None
    share: float | None = None


def history_of(found: Reaching) -> History:
    """By its reach and its job."""
    if found.reach == 0:
        since = found.partial_before
        return History("complete") if since is None else History("partial", datetime.fromtimestamp(since, tz=UTC))
    job = Job.objects.filter(pk=found.job_id).first() if found.job_id else None
    if job is None or not job.is_open:
        return History("stopped", share=job.share if job else None)
    return History("folding", share=job.share)
