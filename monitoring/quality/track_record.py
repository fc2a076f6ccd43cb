"""The track record of a model's estimators, read from summaries: no rows of its own, so corrected labels correct it too.

A window is estimated by the newest estimator that was fitted on nothing within it, so the record is never one of
estimates that had seen their labels; and an estimator never changes, so what it estimated once it estimates always.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitoring.catalogue import MEASURES
from monitoring.catalogue.estimates import ESTIMATED
from monitoring.measures.series import Wanted, points_of
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.stats.estimated import LOSSES, NUMBERS, estimate_of, scored
from monitoring.stats.fitted import Baseline, Fitted
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.track import Bounds, Entry, Record, bounds_of, entry_of, record_of

TrackState = Literal["ok", "no_scores", "no_estimator", "no_estimate", "no_mature_windows"]


@dataclass(frozen=True, slots=True)
class Track:
    """Estimates and reality of one measure, window by window, and what became of them."""

    name: str
    entries: Sequence[Entry]
    record: Record
    bounds: Bounds
    baseline: Baseline | None
    state: TrackState

    def record_by(self, bounds: Bounds | None) -> Record:
        """The record with other bounds than its own."""
        return self.record if bounds is None else record_of(self.entries, bounds)

    @property
    def suspects(self) -> list[Entry]:
        """Windows whose reality has left the estimate: concept drift suspected. None of an estimated loss: how
        far trees are off where inputs have moved is not in its error (decision 24).
        """
        return [entry for entry in self.entries if self.name not in LOSSES and entry.is_suspect()]


def estimated_names(kind: str) -> list[str]:
    """The measures of a model of this kind that are estimated."""
    return [name for name, kinds in ESTIMATED.items() if kind in kinds]


def suspected_names(kind: str) -> list[str]:
    """Those of them whose stray from reality speaks of concept drift."""
    return [name for name in estimated_names(kind) if name not in LOSSES]


def ask_track(names: Iterable[str], scope: Scope, edges: Sequence[datetime]) -> Ask:
    """What to read for `track_of` these measures."""
    return Ask(scope, track_metrics(names), tuple(edges))


def track_metrics(names: Iterable[str]) -> frozenset[str]:
    """The summaries behind these measures and their estimates."""
    names = list(names)
    metrics = {metric for name in names for of in (name, f"estimated_{name}") for metric in MEASURES[of].metrics}
    counted = {NUMBERS} if any(name in LOSSES for name in names) else set()
    return frozenset(metrics | counted)


def read_tracks(
    names: Sequence[str],
    scope: Scope,
    subject: Subject,
    *,
    edges: Sequence[datetime],
    now: datetime,
    bounds: Bounds | None = None,
) -> dict[str, Track]:
    """The tracks of several measures over the same windows: one query for the summaries, one for the estimators."""
    tallies = read_tallies_of([ask_track(names, scope, edges)])[0]
    return {name: track_of(name, scope, subject, tallies, now=now, bounds=bounds) for name in names}


def track_of(
    name: str, scope: Scope, subject: Subject, tallies: Sequence[Tally], *, now: datetime, bounds: Bounds | None = None
) -> Track:
    """One track, by what was read for `ask_track`; `bounds` are those of a rule, else of the baseline."""
    edges = (*(tally.start for tally in tallies), tallies[-1].end)
    points = points_of(Wanted((name,), scope, edges, subject), tallies, now=now)[name]
    readings = [MEASURES[name].read(tally, subject) for tally in tallies]
    entries = [
        entry_of(
            tally.start, tally.end, estimate_of(name, tally, subject), reading, is_mature=point.state != "provisional"
        )
        for tally, reading, point in zip(tallies, readings, points, strict=True)
    ]
    fits = fits_in(scope, subject)
    baseline = next((fit.baselines[name] for fit in fits if name in fit.baselines), None)
    limits = bounds or bounds_of(baseline, entries)
    record = record_of(entries, limits)
    return Track(name, entries, record, limits, baseline, _state(subject, tallies, entries, record, fits))


def fits_in(scope: Scope, subject: Subject) -> list[Fitted]:
    """The estimators of a version or of all versions, newest first."""
    found = subject.fits()
    mine = found.values() if scope.version_id is None else [found.get(scope.version_id, ())]
    return sorted((fit for fits in mine for fit in fits), key=lambda fit: -fit.id)


def _state(
    subject: Subject, tallies: Sequence[Tally], entries: Sequence[Entry], record: Record, fits: Sequence[Fitted]
) -> TrackState:
    if record.windows:
        return "ok"
    if any(entry.estimate.value is not None for entry in entries):
        return "no_mature_windows"
    if fits:
        return "no_estimate"
    return "no_estimator" if any(scored(tally, subject) for tally in tallies) else "no_scores"
