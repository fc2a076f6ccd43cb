"""Performance without labels: what is expected, what came true, and how far the expectation can be trusted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alerting.models import AlertRule
from models_registry.models import Model
from monitoring.catalogue import MEASURES
from monitoring.catalogue.base import CLASSICAL
from monitoring.measures.series import Point
from monitoring.models import Estimator
from monitoring.quality.track_record import Track, fits_in, read_tracks
from monitoring.selectors.references import history_of
from monitoring.stats.track import Bounds, Entry, Record
from panel import format as write
from panel.pages import history
from panel.pages.indicators import scope_of
from panel.pages.model_tabs.figures import applicable
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart, Line, Threshold

NAMES = ("accuracy", "f1", "roc_auc", "precision", "recall", "mae", "rmse")
CHARTED = ("accuracy", "f1", "roc_auc", "mae", "rmse")
RECORD_DAYS = 30
DAY = timedelta(days=1)
SHOWN_SUSPECTS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """The track record of one measure, written out."""

    label: str
    estimated: str
    realised: str
    error: str
    bias: str
    coverage: str
    alerts: str
    windows: int
    suspected: int


@dataclass(frozen=True, slots=True)
class Estimates:
    """What the tab shows. `state` is that of the first measure; `suspects` are windows in which reality left the estimate."""

    state: str
    sentence: str
    fitted: str
    history: str
    """What of the past the newest estimator does not estimate; empty where that is nothing, or nobody's affair."""
    rows: list[Row]
    suspects: list[str]
    """A line per day."""
    charts: list[Chart]


def build(sight: Sight) -> Estimates:
    """The record over the last 30 days; the charts over the range. Two queries for summaries, two for estimators."""
    midnight = sight.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - place * DAY for place in range(RECORD_DAYS, -1, -1)]
    scope, names = scope_of(sight.model), applicable(sight.model, NAMES)
    told = read_tracks(names, scope, sight.subject, edges=days, now=sight.now)
    edges = sight.span.edges(now=sight.now, sampled=True)[1]
    drawn = read_tracks(applicable(sight.model, CHARTED), scope, sight.subject, edges=edges, now=sight.now)
    limits = _limits(sight, names)
    first = told[names[0]]
    state = "drifted_concept" if any(track.suspects for track in told.values()) else first.state
    newest = Estimator.objects.filter(version__model=sight.model).select_related("version", "trees").first()
    return Estimates(
        state=state,
        sentence=_sentence(sight, first, state),
        fitted=_fitted(newest),
        history=_history(newest),
        rows=[_row(track, limits.get(name)) for name, track in told.items()] if first.record.windows else [],
        suspects=_suspects(told),
        charts=_charts(sight, drawn, limits) if fits_in(scope, sight.subject) else [],
    )


def _limits(sight: Sight, names: Sequence[str]) -> dict[str, Bounds]:
    """What the model's rules call an alert, by measure."""
    watched = [*names, *(f"estimated_{name}" for name in names)]
    rules = AlertRule.objects.filter(
        model=sight.model, kind=AlertRule.Kind.THRESHOLD, enabled=True, measure__in=watched
    )
    found: dict[str, Bounds] = {}
    for measure, comparison, limit in rules.values_list("measure", "comparison", "threshold"):
        name, bounds = measure.removeprefix("estimated_"), found.get(measure.removeprefix("estimated_"), Bounds())
        side = {"low": limit} if comparison == AlertRule.Comparison.BELOW else {"high": limit}
        found[name] = replace(bounds, **side)
    return found


def _row(track: Track, limits: Bounds | None) -> Row:
    """The mature days together; alerts by the model's rules where it has some."""
    unit, record = MEASURES[track.name].unit, track.record_by(limits)
    mature = [entry for entry in track.entries if entry.state == "mature"]
    return Row(
        label=capfirst(str(MEASURES[track.name].label)),
        estimated=write.figure(_mean([entry.estimate.value for entry in mature]), unit),
        realised=write.figure(_mean([entry.realised.value for entry in mature]), unit),
        error=_difference(record.mean_absolute_error, unit),
        bias=_difference(record.bias, unit),
        coverage=write.percent(record.coverage),
        alerts=_alerts(record, limits or track.bounds),
        windows=record.windows,
        suspected=len(track.suspects),
    )


def _alerts(record: Record, bounds: Bounds) -> str:
    """Nothing where nobody and nothing has said what an alert is."""
    if bounds == Bounds():
        return "—"
    told = {"caught": record.caught, "missed": record.missed, "false": record.false}
    return _("%(caught)s caught, %(missed)s missed, %(false)s false") % told


def _difference(value: float | None, unit: str) -> str:
    """Of ratios to four digits, where a percentage would hide what there is to see."""
    return write.figure(value, unit) if unit == "target" else write.number(value, 4)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _sentence(sight: Sight, track: Track, state: str) -> str:
    told = {
        "drifted_concept": _(
            "Reality has left the estimate by more than chance explains: the scores may no longer mean what they meant "
            "(concept drift suspected). Look at the days below, then fit anew on labels from since then."
        ),
        "no_scores": _("No predictions with scores in the last 30 days: send `score`, or `scores` by class."),
        "no_estimator": _(
            "No estimator yet. One is fitted by itself once 5,000 labelled predictions have settled, or 1,000 over a week; or "
            "send a reference whose rows have scores and labels."
        ),
        "no_estimate": _("The estimator was fitted on labels of these days: estimates begin after them."),
        "no_mature_windows": _("Estimates are there; how right they are is known once the labels have settled."),
    }
    if sight.model.kind == Model.Kind.REGRESSION:
        told["no_scores"] = _("No predictions of a number in the last 30 days.")
        told["no_estimator"] = _(
            "No estimator yet. One is fitted by itself on a reference whose rows have `prediction` and `label`."
        )
        told["no_estimate"] = _("The estimator has counted no prediction of these days.")
    if state in told:
        return told[state]
    record = track.record
    text = ngettext(
        "On %(windows)s day with settled labels the estimate of %(measure)s was off by %(error)s on average; %(coverage)s of the days "
        "lie in the 95%% band.",
        "On %(windows)s days with settled labels the estimate of %(measure)s was off by %(error)s on average; %(coverage)s of the days "
        "lie in the 95%% band.",
        record.windows,
    )
    return text % {
        "windows": write.number(record.windows),
        "measure": MEASURES[track.name].label,
        "error": _difference(record.mean_absolute_error, MEASURES[track.name].unit),
        "coverage": write.percent(record.coverage),
    }


def _fitted(found: Estimator | None) -> str:
    """Which estimator is the newest, and what it was fitted on."""
    if found is None:
        return ""
    about = {"version": found.version.version, "rows": write.number(found.rows), "at": write.moment(found.created_at)}
    if found.start is None or found.end is None:
        return _("version %(version)s, fitted %(at)s on %(rows)s labelled rows of its reference") % about
    about |= {"from": write.moment(found.start), "to": write.moment(found.end)}
    return _("version %(version)s, fitted %(at)s on %(rows)s labelled predictions from %(from)s to %(to)s") % about


def _history(found: Estimator | None) -> str:
    """Of an estimator that predictions are folded by."""
    if found is None or not hasattr(found, "trees"):
        return ""
    history = history_of(found.trees)
    if history.state == "partial" and history.since:
        told = _("Partial: predictions from before %(since)s are not estimated, because their raw events are gone.")
        return told % {"since": write.moment(history.since)}
    if history.state == "folding":
        told = _("Predictions from before the estimator are being estimated by it: %(share)s done.")
        return told % {"share": write.percent(history.share or 0.0)}
    if history.state == "stopped":
        return _("Partial: estimating the predictions from before the estimator was stopped; see the jobs.")
    return ""


def _suspects(tracks: Mapping[str, Track]) -> list[str]:
    """The newest days on which reality left an estimate, with every measure that says so."""
    days: defaultdict[datetime, list[str]] = defaultdict(list)
    for name, track in tracks.items():
        for entry in track.suspects:
            days[entry.start].append(_suspect(name, entry))
    return [f"{write.moment(day)}: {'; '.join(days[day])}" for day in sorted(days)[-SHOWN_SUSPECTS:]]


def _suspect(name: str, entry: Entry) -> str:
    unit = MEASURES[name].unit
    return _("%(measure)s %(realised)s, estimated %(estimated)s (n %(n)s)") % {
        "measure": MEASURES[name].label,
        "realised": write.figure(entry.realised.value, unit),
        "estimated": write.figure(entry.estimate.value, unit),
        "n": write.number(entry.realised.n),
    }


def _charts(sight: Sight, tracks: Mapping[str, Track], limits: Mapping[str, Bounds]) -> list[Chart]:
    edges = sight.span.edges(now=sight.now, sampled=True)[1]
    bands = history.bands(sight.model, start=edges[0], end=edges[-1])
    marks = history.marks(sight.model, start=edges[0], end=edges[-1])
    return [
        Chart(
            slug=f"estimate-{name.replace('_', '-')}",
            title=capfirst(str(MEASURES[name].label)),
            unit=MEASURES[name].unit,
            lines=[
                Line(_("Estimated"), [_estimated(entry) for entry in track.entries], show_range=True),
                Line(_("Realised"), [_realised(entry) for entry in track.entries], "third"),
            ],
            start=edges[0],
            end=edges[-1],
            bands=bands,
            marks=marks,
            threshold=_threshold(limits.get(name), MEASURES[name].unit),
            small=True,
        )
        for name, track in tracks.items()
    ]


def _threshold(limits: Bounds | None, unit: str) -> Threshold | None:
    if limits is None or limits.low is None:
        return None
    return Threshold(limits.low, _("limit %(value)s") % {"value": write.figure(limits.low, unit)})


def _estimated(entry: Entry) -> Point:
    band = entry.estimate.reading()
    return Point(entry.start, band.value, band.n, band.low, band.high, "ok" if band.value is not None else "no_data")


def _realised(entry: Entry) -> Point:
    """Nothing before the labels have settled: an early figure beside an estimate would only mislead."""
    value = entry.realised.value if entry.state in ("mature", "no_estimate") else None
    return Point(entry.start, value, entry.realised.n, None, None, "ok" if value is not None else "no_data")


TAB = Tab("estimate", gettext_lazy("Without labels"), CLASSICAL, build)
