"""By what predictions are folded beyond what they say themselves: references, and the trees of estimators, by version."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Value

from monitoring.models import LossTrees, Reference
from monitoring.selectors.references import profile_by
from monitoring.stats.profile import Profile
from monitoring.stats.trees import Trees, unpack


class Plan(NamedTuple):
    """Predictions with a primary key in [since, until) are folded by this profile; until None is for ever."""

    since: int
    until: int | None
    profile: Profile
    reference_id: int = 0


class LossPlan(NamedTuple):
    """The losses of predictions with a primary key in [since, until) are expected by these trees, over this profile."""

    since: int
    until: int | None
    profile: Profile
    trees: Trees
    layout: str
    estimator_id: int


Plans = Mapping[int, Sequence[Plan | LossPlan]]


class Placed(NamedTuple):
    """A row behind a plan. `trees` is their layout; of references it is empty, so that they sort before."""

    version_id: int
    trees: str
    since: int
    id: int
    reach: int
    profile: str


def read_plans(version_ids: Collection[int] | None = None) -> Plans:
    """What folds predictions of these versions (of all, unless given); versions without are left out. One query.

    Each ends where the next of its kind has its place; how far back it reaches is its own affair, so two may overlap.
    """
    references = Reference.objects.order_by().values_list("version_id", Value(""), "since", "id", "reach", "layout")
    names = ("estimator__version_id", "layout", "since", "estimator_id", "reach", "estimator__reference__layout")
    trees = LossTrees.objects.filter(estimator__reference__isnull=False).values_list(*names)
    if version_ids is not None:
        references = references.filter(version_id__in=version_ids)
        trees = trees.filter(estimator__version_id__in=version_ids)
    found: defaultdict[tuple[int, bool], list[Placed]] = defaultdict(list)
    for row in map(Placed._make, references.union(trees, all=True)):
        found[row.version_id, bool(row.trees)].append(row)
    plans: defaultdict[int, list[Plan | LossPlan]] = defaultdict(list)
    for version_id, kind in sorted(found):
        plans[version_id] += _plans(sorted(found[version_id, kind], key=lambda row: (row.since, row.id)))
    return dict(plans)


def _plans(given: Sequence[Placed]) -> Iterator[Plan | LossPlan]:
    """Oldest first."""
    ends = [*(row.since for row in given[1:]), None]
    for row, until in zip(given, ends, strict=True):
        profile = profile_by(row.profile)
        if row.trees:
            yield LossPlan(row.reach, until, profile, trees_by(row.trees), row.trees, row.id)
        else:
            yield Plan(row.reach, until, profile, row.id)


@lru_cache(maxsize=64)
def trees_by(layout: str) -> Trees:
    """The trees that a layout names. A layout is made of the content, so what is remembered is never wrong."""
    found = LossTrees.objects.filter(layout=layout).values_list("data", flat=True).first()
    if found is None:
        raise LookupError(layout)
    return unpack(bytes(found))
