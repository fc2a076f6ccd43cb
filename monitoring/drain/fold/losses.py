"""What the trees of an estimator expect the error of a regression to be: sums per minute, before any label is known.

A prediction counts where its realised error could: it did not fail, and it is a number. The sums are whole quanta of the
trees, so they are the same in any order and can be taken back.
"""

from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.drain.fold.errors import is_usable
from monitoring.drain.fold.inputs import Inputs
from monitoring.drain.fold.sums import Slot, Sums
from monitoring.selectors.plans import LossPlan
from monitoring.stats import layouts
from monitoring.stats.layouts import STATUS_OK, ExpectedLoss
from monitoring.stats.profile import OTHER, Feature, category_codes, floats, numbers
from monitoring.stats.trees import MISSING, Integers, Trees

MINUTE_US = 60_000_000


def fold(sums: Sums, inputs: Inputs, plan: LossPlan, sign: int) -> None:
    """The expected losses of what has an answer that is a number."""
    columns = inputs.columns
    answers = zip(columns["status"], columns["prediction"], columns["score"], strict=True)
    mine = [status == STATUS_OK and not text and is_usable(number) for status, text, number in answers]
    if not any(mine):
        return
    values = list(zip(*compress(inputs.values, mine), strict=True))
    given = [values_of(plan.profile.features[place], values[place], inputs.as_known) for place in plan.trees.features]
    losses = plan.trees.losses(given, mine.count(True))
    environments, segments = zip(*compress(columns["whose"], mine), strict=True)
    minutes = [ts_us // MINUTE_US for ts_us in compress(columns["ts_us"], mine)]
    places = sums.places([inputs.version_id] * len(minutes), environments, minutes, segments)
    slot = Slot(layouts.EXPECTED_LOSS, str(plan.estimator_id), plan.layout)
    where, times = np.unique(places, return_counts=True)
    sums.add(slot, where, sign * times)
    for bin_, amounts in zip(ExpectedLoss, (*losses, variances(plan.trees, losses)), strict=True):
        sums.grow(slot, places, bin_, sign * amounts)


def variances(trees: Trees, losses: Integers) -> Integers:
    """How far the absolute loss of each prediction strays from what is expected of it: E[e²] − E[|e|]², in quanta of squares."""
    absolute, square = trees.quanta
    known = np.rint((losses[0] * absolute) ** 2 / square).astype(np.int64)
    found: Integers = np.maximum(losses[1] - known, 0)
    return found


def values_of(feature: Feature, column: Sequence[Any], as_known: bool = False) -> NDArray[Any]:
    """What trees are asked with: numbers with NaN where there is none, or codes of categories.

    Rare categories that the reference remembers are one category; others are missing. `as_known`: numbers are floats or None.
    """
    if feature.numeric:
        return floats(column) if as_known else numbers(column)[0]
    codes = category_codes(feature, column)
    codes[codes == OTHER] = feature.bins
    return np.where(codes <= feature.bins, codes, MISSING)
