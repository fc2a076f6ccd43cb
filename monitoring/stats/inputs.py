"""The inputs of a window held against their reference: first what is broken, then what has drifted, ranked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.drift import FLOOR, Q, Shift, compare, corrected
from monitoring.stats.integrity import Fault, faults_of
from monitoring.stats.profile import NULL, VALUES, Feature, Integers, Profile, dense, value_counts

MINIMUM: Final = 100  # values of a feature below which drift is not judged
State = Literal["drifted", "ok", "broken", "few_rows", "few_past", "no_values", "no_reference_values"]
Whole = Literal["judged", "few_rows", "few_past", "other_features"]
RANK: Final[dict[State, int]] = {
    "broken": 0,
    "drifted": 1,
    "ok": 2,
    "few_rows": 3,
    "few_past": 4,
    "no_values": 5,
    "no_reference_values": 6,
}


@dataclass(frozen=True, slots=True)
class FeatureReport:
    """One feature: `p` is corrected for the number of features. `shift` and `p` are None where drift was not judged."""

    feature: Feature
    current: Integers
    state: State
    faults: tuple[Fault, ...] = ()
    shift: Shift | None = None
    p: float | None = None

    @property
    def n(self) -> int:
        """Values among the rows."""
        return int(self.current[:VALUES].sum())


@dataclass(frozen=True, slots=True)
class Report:
    """All features of a version's window, broken ones first, then by PSI. `rows` is the number of predictions."""

    profile: Profile
    rows: int
    state: Whole
    features: tuple[FeatureReport, ...]
    floor: float = FLOOR
    version_id: int = 0
    reference_id: int = 0

    @property
    def broken(self) -> list[FeatureReport]:
        """Columns with a fault."""
        return [one for one in self.features if one.faults]

    @property
    def drifted(self) -> list[FeatureReport]:
        """Features that passed both gates, the greatest PSI first."""
        return [one for one in self.features if one.state == "drifted"]

    @property
    def judged(self) -> list[FeatureReport]:
        """Features whose drift was judged, the greatest PSI first."""
        return [one for one in self.features if one.state in ("drifted", "ok")]

    @property
    def psi(self) -> float | None:
        """The greatest PSI among the judged features; None where none was."""
        return max((one.shift.psi for one in self.judged if one.shift), default=None)


def report_of(
    profile: Profile,
    rows: int,
    bins: NDArray[np.integer[Any]],
    counts: Integers,
    *,
    floor: float = FLOOR,
    minimum: int = MINIMUM,
    past: NDArray[np.int64] | None = None,
) -> Report:
    """The report of a window with this sparse histogram (see `monitoring.stats.profile`).

    Drift is measured from `past`, the dense histogram of matching windows, where it is given: whether a column is broken
    is asked of the reference all the same.
    """
    table = dense(profile, bins, counts)
    inputs = [place for place, feature in enumerate(profile.features) if feature.source == "input"]
    before = [feature.counts for feature in profile.features] if past is None else list(past)
    seen = [
        _seen(feature, current, earlier, max(minimum, MINIMUM))
        for feature, current, earlier in zip(profile.features, table, before, strict=True)
    ]
    judged = [one for one in seen if one.shift is not None]
    p = dict(zip(map(id, judged), corrected([one.shift.p for one in judged if one.shift]), strict=True))
    features = [_decided(one, p.get(id(one)), floor) for one in seen]
    features.sort(key=lambda one: (RANK[one.state], -(one.shift.psi if one.shift else 0.0), one.feature.name))
    whole = _whole(rows, table[inputs], max(minimum, MINIMUM))
    if whole == "judged" and features and all(one.state in ("few_past", "broken") for one in features):
        whole = "few_past"
    return Report(profile, rows, whole, tuple(features), floor)


def _whole(rows: int, table: NDArray[np.int64], minimum: int) -> Whole:
    """Whether there is enough, and whether what came is what the reference speaks of."""
    if rows and len(table) and int(table[:, NULL].sum()) == int(table.sum()):
        return "other_features"
    return "few_rows" if rows < minimum else "judged"


def _seen(feature: Feature, current: Integers, earlier: Integers, minimum: int) -> FeatureReport:
    faults = faults_of(feature, current)
    frozen, values = value_counts(feature, feature.counts), value_counts(feature, current)
    if faults:
        return FeatureReport(feature, current, "broken", faults)
    if not frozen.sum():
        return FeatureReport(feature, current, "no_reference_values")
    if not values.sum():
        return FeatureReport(feature, current, "no_values")
    if values.sum() < minimum:
        return FeatureReport(feature, current, "few_rows")
    before = frozen if earlier is feature.counts else value_counts(feature, earlier)
    if before is not frozen and before.sum() < MINIMUM:
        return FeatureReport(feature, current, "few_past")
    shift = compare(before, values, ordered=feature.numeric, frozen=frozen)
    return FeatureReport(feature, current, "ok", shift=shift)


def _decided(seen: FeatureReport, p: float | None, floor: float) -> FeatureReport:
    """Both gates."""
    if seen.shift is None or p is None:
        return seen
    state: State = "drifted" if p <= Q and seen.shift.psi >= floor else "ok"
    return FeatureReport(seen.feature, seen.current, state, (), seen.shift, p)


def worst(reports: Sequence[Report]) -> Report | None:
    """The one version to speak of: broken before drifted before judged before the rest, and of equals most rows.

    What each has at most (PSI, broken columns) is asked of all reports, not of this one.
    """
    return max(
        reports,
        key=lambda one: (bool(one.broken), bool(one.drifted), one.psi is not None, one.rows),
        default=None,
    )
