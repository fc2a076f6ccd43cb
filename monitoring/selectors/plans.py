"""By what predictions are folded beyond what they say themselves: references, and the trees of estimators, by version."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from django.db import connection

from monitoring.models import Estimator, LossTrees, Reference
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


_PLACED = f"""
    SELECT version_id, trees, since, id, reach, profile FROM (
        SELECT version_id, '' AS trees, since, id, reach, layout AS profile FROM {Reference._meta.db_table}
        UNION ALL
        SELECT e.version_id, t.layout, t.since, t.estimator_id, t.reach, r.layout
        FROM {LossTrees._meta.db_table} t
        JOIN {Estimator._meta.db_table} e ON e.id = t.estimator_id
        JOIN {Reference._meta.db_table} r ON r.id = e.reference_id
    ) AS placed"""


def read_plans(version_ids: Collection[int] | None = None) -> Plans:
    """What folds predictions of these versions (of all, unless given); versions without are left out. One query.

    Each ends where the next of its kind has its place; how far back it reaches is its own affair, so two may overlap.
    """
    found: defaultdict[tuple[int, bool], list[Placed]] = defaultdict(list)
    for row in _placed(version_ids):
        found[row.version_id, bool(row.trees)].append(row)
    plans: defaultdict[int, list[Plan | LossPlan]] = defaultdict(list)
    for version_id, kind in sorted(found):
        plans[version_id] += _plans(sorted(found[version_id, kind], key=lambda row: (row.since, row.id)))
    return dict(plans)


def _placed(version_ids: Collection[int] | None) -> list[Placed]:
    """In SQL: every batch of the drain asks, and putting a query together takes longer than answering it."""
    if version_ids is not None and not version_ids:
        return []
    among = "" if version_ids is None else f" WHERE version_id IN ({', '.join(['%s'] * len(version_ids))})"
    with connection.cursor() as cursor:
        cursor.execute(_PLACED + among, list(version_ids or ()))
        return list(map(Placed._make, cursor.fetchall()))


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
