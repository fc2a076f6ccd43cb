"""One time series on a page: the payload of the browser's chart, the drawing without script, the table and the sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lib import charts
from monitoring.measures.series import Point
from panel import format as write

SIGNIFICANT = 5
HEADROOM = 1.08
RANGE_ROOM = 0.5  # of what the lines take, above them and below


@dataclass(frozen=True, slots=True)
class Line:
    """One measure over time. `tone` is accent, second or third."""

    label: str
    points: Sequence[Point]
    tone: str = "accent"
    show_range: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """An incident, from when it hurt to when it was over (or now); or, of kind `corrected`, what budgets do not count as it was."""

    start: datetime
    end: datetime
    label: str
    url: str = ""
    kind: str = ""


def keys_of(bands: Sequence[Band]) -> list[Band]:
    """For the legend: each label once, however often it comes."""
    return list({(band.kind, band.label): band for band in bands}.values())


@dataclass(frozen=True, slots=True)
class Mark:
    """A change: a deploy or a new prompt."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """The line a series should stay on one side of."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the chart's table, written out."""

    at: datetime
    cells: list[str]
    n: int
    provisional: bool


@dataclass(frozen=True)
class Chart:
    """A figure of a page. Lines share their starts; `unit` is a measure's unit (see `panel.format.figure`)."""

    slug: str
    title: str
    unit: str
    lines: Sequence[Line]
    start: datetime
    end: datetime
    bands: Sequence[Band] = ()
    marks: Sequence[Mark] = ()
    threshold: Threshold | None = None
    small: bool = False
    note: str = ""

    @cached_property
    def empty(self) -> bool:
        """Nothing is known in the whole range."""
        return all(point.value is None for line in self.lines for point in line.points)

    @cached_property
    def provisional(self) -> bool:
        """Some points still wait for their labels."""
        return any(point.state == "provisional" for line in self.lines for point in line.points)

    @cached_property
    def ranged(self) -> bool:
        """Some line shows the interval of its estimate."""
        return any(line.show_range for line in self.lines)

    @cached_property
    def keys(self) -> list[Band]:
        """What the legend says of the bands."""
        return keys_of(self.bands)

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Of the vertical axis: from nothing for amounts (or below, where they are), closer for ratios near the top."""
        values = [point.value for line in self.lines for point in line.points]
        if self.threshold is not None:
            values.append(self.threshold.value)
        low, high = self._with_ranges(*charts.scale(values))
        near_top = self.unit in {"ratio", "score"} and low > 0.5
        floor = max(0.0, low - (high - low) * 0.25) if near_top else min(0.0, low * HEADROOM)
        ceiling = max(0.0, high * HEADROOM)
        if self.unit in {"ratio", "score"} and all(value <= 1 for value in values if value is not None):
            ceiling = min(1.0, ceiling)
        return (floor, ceiling) if ceiling > floor else (floor, floor + 1.0)

    def _with_ranges(self, low: float, high: float) -> tuple[float, float]:
        """Room for the intervals that are shown, but no more than lets the lines be read."""
        known = [point for line in self.lines if line.show_range for point in line.points if point.value is not None]
        edges = [edge for point in known for edge in (point.low, point.high) if edge is not None]
        room = (high - low) * RANGE_ROOM
        return max(min([low, *edges]), low - room), min(max([high, *edges]), high + room)

    def payload(self) -> dict[str, object]:
        """What `chart.js` draws; times in epoch seconds."""
        low, high = self.bounds
        return {
            "unit": self.unit,
            "zone": timezone.get_current_timezone_name(),
            "bounds": [low, high],
            "from": int(self.start.timestamp()),
            "step": self._step,
            "lines": [_line_payload(line) for line in self.lines],
            "bands": [[int(b.start.timestamp()), int(b.end.timestamp()), b.label, b.kind] for b in self.bands],
            "marks": [[int(mark.at.timestamp()), mark.label] for mark in self.marks],
            "threshold": [self.threshold.value, self.threshold.label] if self.threshold else None,
        }

    @property
    def _step(self) -> int:
        """Seconds between points: the lines share their starts, which are even."""
        points = self.lines[0].points
        return int((points[1].start - points[0].start).total_seconds()) if len(points) > 1 else 0

    def drawing(self) -> SafeString:
        """The same without script."""
        return charts.lines(
            [(line.tone, [point.value for point in line.points]) for line in self.lines],
            title=f"{self.title}: {self.summary}",
            bounds=self.bounds,
            bands=[charts.Stretch(self._share(band.start), self._share(band.end), band.kind) for band in self.bands],
            marks=[self._share(mark.at) for mark in self.marks],
            threshold=self.threshold.value if self.threshold else None,
        )

    def _share(self, at: datetime) -> float:
        whole = (self.end - self.start).total_seconds()
        return min(max((at - self.start).total_seconds() / whole, 0.0), 1.0)

    @cached_property
    def axis(self) -> dict[str, str]:
        """The four texts around the drawing without script."""
        low, high = self.bounds
        return {
            "top": write.figure(high, self.unit),
            "bottom": write.figure(low, self.unit),
            "left": write.moment(self.start),
            "right": write.moment(self.end, now=self.start),
        }

    @cached_property
    def rows(self) -> list[Row]:
        """Newest first; slices in which no line knows anything are left out."""
        table = []
        for points in zip(*(line.points for line in self.lines), strict=True):
            if any(point.value is not None for point in points):
                cells = [write.figure(point.value, self.unit) for point in points]
                waiting = any(point.state == "provisional" for point in points)
                table.append(Row(points[0].start, cells, max(point.n for point in points), waiting))
        return table[::-1]

    @cached_property
    def summary(self) -> str:
        """The first line in words; what still waits for labels is left out while anything settled is known."""
        every = [point for point in self.lines[0].points if point.value is not None] if self.lines else []
        known = [point for point in every if point.state != "provisional"] or every
        if not known:
            return _("No data in this range.")
        values = [point.value for point in known if point.value is not None]
        return _("%(label)s: latest %(latest)s at %(at)s, between %(low)s and %(high)s.") % {
            "label": self.lines[0].label,
            "latest": write.figure(values[-1], self.unit),
            "at": write.moment(known[-1].start, now=self.end),
            "low": write.figure(min(values), self.unit),
            "high": write.figure(max(values), self.unit),
        }


def _short(value: float | None) -> float | None:
    """Enough digits to draw, few enough to send."""
    return None if value is None else float(f"{value:.{SIGNIFICANT}g}")


def _line_payload(line: Line) -> dict[str, object]:
    payload: dict[str, object] = {
        "label": line.label,
        "tone": line.tone,
        "v": [_short(point.value) for point in line.points],
        "n": [point.n for point in line.points],
    }
    if any(point.state == "provisional" for point in line.points):
        payload["p"] = [int(point.state == "provisional") for point in line.points]
    if line.show_range:
        payload["low"] = [_short(point.low) for point in line.points]
        payload["high"] = [_short(point.high) for point in line.points]
    return payload
