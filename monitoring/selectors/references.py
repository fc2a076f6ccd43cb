"""References as they are needed: by version for whoever folds, by layout for whoever reads."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from models_registry.models import Job
from monitoring.models import Reference, ReferenceSample
from monitoring.stats.profile import Profile
from monitoring.stats.profile_data import from_json
from monitoring.stats.sample import Sample, unpack


class Plan(NamedTuple):
    """Predictions with a primary key in [since, until) are folded by this profile; until None is for ever."""

    since: int
    until: int | None
    profile: Profile
    reference_id: int = 0


Plans = Mapping[int, Sequence[Plan]]


def read_plans(version_ids: Collection[int]) -> Plans:
    """The references of these versions, oldest first; versions without one are left out. One query.

    A reference ends where the next one has its place; how far back it reaches is its own affair, so two may overlap.
    """
    rows = Reference.objects.filter(version_id__in=version_ids).order_by("since", "id")
    found: defaultdict[int, list[tuple[int, int, int, str]]] = defaultdict(list)
    for version_id, id_, since, reach, layout in rows.values_list("version_id", "id", "since", "reach", "layout"):
        found[version_id].append((id_, since, reach, layout))
    return {version_id: list(_plans(given)) for version_id, given in found.items()}


def _plans(given: Sequence[tuple[int, int, int, str]]) -> Iterator[Plan]:
    ends = [*(since for _, since, _, _ in given[1:]), None]
    for (reference_id, _, reach, layout), until in zip(given, ends, strict=True):
        yield Plan(reach, until, profile_by(layout), reference_id)


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


@dataclass(frozen=True, slots=True)
class History:
    """How far back a reference reaches.

    complete: every prediction is folded by it. partial: those from `since` on, the raw events of older ones being gone.
    folding: a job is at it, and has done this `share`. stopped: the job was cancelled or failed, with what it had done.
    """

    state: Literal["complete", "partial", "folding", "stopped"]
    since: datetime | None = None
    share: float | None = None


def history_of(reference: Reference) -> History:
    """By its reach and its job."""
    if reference.reach == 0:
        since = reference.partial_before
        return History("complete") if since is None else History("partial", datetime.fromtimestamp(since, tz=UTC))
    job = Job.objects.filter(pk=reference.job_id).first() if reference.job_id else None
    if job is None or not job.is_open:
        return History("stopped", share=job.share if job else None)
    return History("folding", share=job.share)
