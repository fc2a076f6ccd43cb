"""The book of a composite objective, made of the books of its components; and how long any objective waits for its labels.

A composite is judged by minutes, over one range for all of its components: it ends where the slowest of them has settled. A
component of which slices of time are judged gives the slices that begin in the range and are over in it. Windows that rules
look at are shorter than a slice, or end in the midst of one: they see at least the last slice that is over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models_registry.models import Model
from monitoring.measures.series import subjects_of
from monitoring.models import COMPOSITE, SLO, Component
from monitoring.selectors.components import load_components
from monitoring.selectors.counts import Counted, Window
from monitoring.slo.indicators import settles_with
from monitoring.stats.combine import Combination
from monitoring.stats.tally import Subject
from monitoring.stats.tiers import Integers


@dataclass(frozen=True, eq=False)
class Composed:
    """The book of a composite at `edges`. `widths` are the slices of its components in seconds, 0 where events are counted."""

    edges: Integers
    how: Combination
    books: Sequence[Counted]
    widths: Sequence[int]

    @property
    def floors(self) -> tuple[int, int]:
        """Where any of them has none left."""
        minutes, hours = zip(*(book.floors for book in self.books), strict=True)
        return max(minutes), max(hours)

    def between(self, starts: Integers, ends: Integers) -> tuple[NDArray[Any], NDArray[Any]]:
        """(good, valid) of stretches [start, end), element by element."""
        return self._told(*self.parts(starts, ends))

    def ending(self, starts: Integers, ends: Integers) -> Window:
        """Of windows that are judged as they end."""
        bad, valid = self._parts(starts, ends, ending=True)
        guarded = np.array([not width for width in self.widths])
        return Window(*self._told(bad, valid), self.how.hits(bad, valid, guarded), valid.sum(axis=0))

    def spent(self, starts: Integers, ends: Integers, whole: tuple[int, int]) -> tuple[NDArray[Any], float]:
        """(bad of stretches, valid of the whole): the bad events of a component by its valid ones in the whole."""
        bad, _valid = self.parts(starts, ends)
        all_bad, all_valid = self.parts(np.array(whole[0]), np.array(whole[1]))
        amount = float(self.how.amount(all_bad, all_valid))
        shares = self.how.bad_share(bad, np.broadcast_to(all_valid.reshape(-1, *[1] * (bad.ndim - 1)), bad.shape))
        return np.nan_to_num(shares) * amount, amount

    def parts(self, starts: Integers, ends: Integers) -> tuple[NDArray[Any], NDArray[Any]]:
        """(bad, valid) of each component in stretches, along a new first axis."""
        return self._parts(starts, ends, ending=False)

    def less(self, others: Iterable[Self]) -> Self:
        """Of what is in none of these others, component by component: what is made of them does not add up."""
        others = list(others)
        rest = [book.less(one.books[place] for one in others) for place, book in enumerate(self.books)]
        return replace(self, books=rest)

    def _told(self, bad: NDArray[Any], valid: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        amount = self.how.amount(bad, valid)
        return amount - np.nan_to_num(self.how.bad_share(bad, valid)) * amount, amount

    def _parts(self, starts: Integers, ends: Integers, *, ending: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        starts, ends = np.broadcast_arrays(starts, ends)
        found = []
        for book, width in zip(self.books, self.widths, strict=True):
            last = ends - ends % width if width else ends
            first = np.minimum(starts, last - width if ending else last)
            found.append(book.between(first, last))
        good, valid = (np.stack([one[side] for one in found]).astype(np.float64) for side in (0, 1))
        return valid - good, valid


def components_of(slo: SLO) -> Sequence[Component]:
    """Of a composite that was read; `ValueError` where it has none, for then there is nothing to judge."""
    if not slo.parts:
        message = f"The composite {slo.slug} has no components: name at least one."
        raise ValueError(message)
    return slo.parts


def counted_models(slo: SLO) -> tuple[int, ...]:
    """Ids of the models whose events it counts: its own; of a composite that was read, those of its components."""
    if slo.sli != COMPOSITE:
        return (slo.model_id,)
    return tuple(sorted({one.slo.model_id for one in slo.parts or ()}))


def adds_up(slo: SLO) -> bool:
    """Whether its parts make the whole: events do, shares of slices of time do not."""
    return not any(one.sliced for one in [slo, *(one.slo for one in slo.parts or ())])


def combination_of(slo: SLO) -> Combination:
    """How a composite is made of them."""
    weights = np.array([one.weight for one in components_of(slo)], dtype=np.float64)
    return Combination(slo.composition, weights, strict=slo.without_data == SLO.WithoutData.NO_DATA)


def edges_within(edges: Integers, width: int) -> Integers:
    """What a component must be read at, so that its composite can be told at these edges."""
    if not width:
        return edges
    last = edges - edges % width
    return np.union1d(edges, np.union1d(last, last - width))


def subjects_for(slos: Iterable[SLO]) -> list[Subject]:
    """What reading needs to know of each, in their order (load `model` with them): as many queries for any number as for one.

    A composite waits as long as the slowest of its components.
    """
    return subjects_with(slos, ())[0]


def subjects_with(slos: Iterable[SLO], models: Iterable[Model]) -> tuple[list[Subject], dict[int, Subject]]:
    """The same, and what is known of these models too, by id."""
    slos = list(slos)
    load_components(slos)
    parts = [one.slo for slo in slos for one in slo.parts or ()]
    known = subjects_of([*models, *(slo.model for slo in [*slos, *parts])])
    return [_of_composite(slo, known) if slo.sli == COMPOSITE else known[slo.model_id] for slo in slos], known


def _of_composite(slo: SLO, known: dict[int, Subject]) -> Subject:
    waits = [known[one.slo.model_id].settle for one in slo.parts or () if settles_with(one.slo) == "labels"]
    return replace(known[slo.model_id], settle=max(waits, default=timedelta(0)))
