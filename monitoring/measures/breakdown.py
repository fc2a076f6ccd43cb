"""A measure taken apart: by version, environment, class of error, prompt or a declared key of segments.

The parts are read together, in one query for the summaries however many they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models_registry.models import Model, ModelVersion
from monitoring.catalogue import MEASURES
from monitoring.measures.series import Point, PointState, Wanted, read_series_of, subjects_of
from monitoring.models import Category, SegmentKey, Series
from monitoring.selectors.metrics import metrics_of
from monitoring.selectors.segments import segments_of, value_of
from monitoring.selectors.summaries import Scope, read_tallies
from monitoring.stats.intervals import Reading, ratio
from monitoring.stats.layouts import PAST_CAP
from monitoring.stats.log_levels import LEVEL_CODES, OTHER_LEVEL
from monitoring.stats.metrics import Statistic
from monitoring.stats.segments import OTHER, PROMPT
from monitoring.stats.tally import Tally

VERSION, ENVIRONMENT, ERROR_TYPE, LEVEL = "version", "environment", "error_type", "level"
MAX_PARTS = 60  # a key's 50 values, (none), (other), and room
WORDS_OF_ERRORS = "error_type"


@dataclass(frozen=True, slots=True)
class Part:
    """The series of one value."""

    value: str
    points: list[Point]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The parts, and how many more there are that were not read."""

    parts: list[Part]
    left_out: int = 0


class ByError(ValueError):
    """The measure, or the model, cannot be taken apart like this; the text says how it can."""


def known_keys(model: Model) -> list[str]:
    """Keys of segments that the model has or had."""
    return sorted(set(SegmentKey.objects.filter(model=model).values_list("key", flat=True)))


def scopes_by(by: str, scope: Scope, model: Model) -> list[tuple[str, Scope]]:
    """The value and the scope of each part, the newest first. Two queries at most."""
    if by == VERSION:
        versions = ModelVersion.objects.filter(model=model).values_list("version", "id")
        return [(version, replace(scope, version_id=pk)) for version, pk in versions]
    if by == ENVIRONMENT:
        rows = (
            Series.objects.filter(version__model=model, segment="")
            .order_by("-id")
            .values_list("environment", flat=True)
        )
        return [(name, replace(scope, environment=name)) for name in dict.fromkeys(rows)]
    if by == PROMPT or by in known_keys(model):
        if scope.segment:
            raise ByError("Name a `segment`, or ask for all of them with `by`: not both.")
        return [(value_of(segment), replace(scope, segment=segment)) for segment in segments_of(model, by)]
    keys = ", ".join([VERSION, ENVIRONMENT, ERROR_TYPE, LEVEL, PROMPT, *known_keys(model)])
    raise ByError(f"`by` is one of {keys}: what else is in `segments` is declared as a segment key of the model first.")


def series_by(
    by: str, name: str, scope: Scope, model: Model, *, edges: Sequence[datetime], now: datetime, most: int = MAX_PARTS
) -> Breakdown:
    """The measure's series of each part over the windows between neighbouring edges; at most so many parts."""
    if by == ERROR_TYPE:
        return _by_error_type(name, scope, model, edges=edges, most=most)
    if by == LEVEL:
        return _by_level(name, scope, edges=edges)
    statistic = MEASURES[name].read
    if isinstance(statistic, Statistic) and by not in (VERSION, ENVIRONMENT):
        return _by_attribute(by, statistic, scope, model, edges=edges, most=most)
    scopes = scopes_by(by, scope, model)
    subject = subjects_of([model])[model.pk]
    wanted = [Wanted((name,), one, tuple(edges), subject) for _value, one in scopes[:most]]
    found = read_series_of(wanted, now=now)
    parts = [Part(value, series[name]) for (value, _scope), series in zip(scopes, found, strict=False)]
    return Breakdown(parts, max(0, len(scopes) - most))


def _by_attribute(
    by: str, statistic: Statistic, scope: Scope, model: Model, *, edges: Sequence[datetime], most: int
) -> Breakdown:
    """Of a metric that clients tell, by the values of one of its attributes."""
    found = metrics_of(model, names=[statistic.name])
    names = found[0].attribute_names if found else []
    if by not in names:
        raise ByError(f"`by` is one of {', '.join([VERSION, ENVIRONMENT, *names])}.")
    tallies = read_tallies(scope, statistic.metrics, edges=edges)
    values = found[0].by(by)
    parts = [Part(value, _points_of(statistic.of(keys), tallies)) for value, keys in list(values.items())[:most]]
    return Breakdown(parts, max(0, len(values) - most))


def _points_of(statistic: Statistic, tallies: Sequence[Tally]) -> list[Point]:
    """Points of a metric, which are as they are told: nothing of them is still to come."""
    return [_told(tally, statistic.read(tally)) for tally in tallies]


def _told(tally: Tally, reading: Reading) -> Point:
    state: PointState = "no_data" if reading.value is None else "ok"
    return Point(tally.start, reading.value, reading.n, reading.low, reading.high, state)


# What a class of errors has: (its errors, the requests of the window) → reading.
BY_ERROR_TYPE: Mapping[str, Callable[[int, int], Reading]] = {
    "error_rate": ratio,
    "errors": lambda errors, requests: Reading(float(errors), requests),
}


# What a level has: (its lines, all lines of the window) → reading.
BY_LEVEL: Mapping[str, Callable[[int, int], Reading]] = {
    "error_log_rate": ratio,
    "log_records": lambda lines, _all: Reading(float(lines), lines),
}
LOG_LEVEL = "log_level"


def _by_level(name: str, scope: Scope, *, edges: Sequence[datetime]) -> Breakdown:
    """The levels that there are lines of, the worst first; of a level of somebody's own last."""
    if name not in BY_LEVEL:
        raise ByError(f"By level there are {' and '.join(sorted(BY_LEVEL))}.")
    tallies = read_tallies(scope, {LOG_LEVEL}, edges=edges)
    words = {code: level for level, code in reversed(LEVEL_CODES.items())} | {OTHER_LEVEL: OTHER}
    there = {code for tally in tallies for code in tally.cell(LOG_LEVEL).bins.tolist()}
    return Breakdown(
        [
            Part(word, [_level_point(name, tally, code) for tally in tallies])
            for code, word in words.items()
            if code in there
        ]
    )


def _level_point(name: str, tally: Tally, code: int) -> Point:
    cell = tally.cell(LOG_LEVEL)
    return _told(tally, BY_LEVEL[name](cell.count(code), cell.n))


def _by_error_type(name: str, scope: Scope, model: Model, *, edges: Sequence[datetime], most: int) -> Breakdown:
    if name not in BY_ERROR_TYPE:
        raise ByError(f"By class of error there are {' and '.join(sorted(BY_ERROR_TYPE))}.")
    metrics = {*MEASURES[name].metrics, WORDS_OF_ERRORS}
    tallies = read_tallies(scope, metrics, edges=edges)
    sums = errors_by_code(tallies)
    codes = sorted(sums, key=lambda code: (-sums[code], code))
    words = _words(model)
    parts = [Part(words.get(code, OTHER), [_point(name, tally, code) for tally in tallies]) for code in codes[:most]]
    return Breakdown(parts, max(0, len(codes) - most))


def errors_by_type(scope: Scope, model: Model, *, start: datetime, end: datetime) -> list[tuple[str, int, Reading]]:
    """(class, errors, share of the requests) over a window, the commonest first."""
    [tally] = read_tallies(scope, {"status", WORDS_OF_ERRORS}, edges=[start, end])
    sums, words = errors_by_code([tally]), _words(model)
    codes = sorted(sums, key=lambda code: (-sums[code], code))
    return [(words.get(code, OTHER), sums[code], ratio(sums[code], tally.cell("status").n)) for code in codes]


def _words(model: Model) -> dict[int, str]:
    rows = Category.objects.filter(model=model, field=WORDS_OF_ERRORS).values_list("code", "value")
    return {**dict(rows), PAST_CAP: OTHER}


def errors_by_code(tallies: Sequence[Tally]) -> dict[int, int]:
    """How many errors of each class there are in all windows."""
    sums: dict[int, int] = {}
    for tally in tallies:
        cell = tally.cell(WORDS_OF_ERRORS)
        for code, count in zip(cell.bins.tolist(), cell.counts.tolist(), strict=True):
            sums[code] = sums.get(code, 0) + count
    return sums


def _point(name: str, tally: Tally, code: int) -> Point:
    return _told(tally, BY_ERROR_TYPE[name](tally.cell(WORDS_OF_ERRORS).count(code), tally.cell("status").n))
