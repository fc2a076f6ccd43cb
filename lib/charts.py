"""Small charts as SVG text, drawn on the server: they need no script, print, and take their colours from CSS classes.

Every drawing is stretched to its box (`preserveAspectRatio="none"`, strokes keep their width), carries no text of its
own and says what it shows in `<title>`. Coordinates are per mille of the width; y grows downwards as SVG wants it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

WIDTH = 1_000.0
_PAD = 4.0
Value = float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a strip: `tone` is a class (ok, warn, bad, none), `title` says when and what."""

    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Beside:
    """Two shares (0…1) of one bin, before and after; `title` says which bin and what."""

    before: float
    after: float
    title: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of the horizontal axis, both ends in 0…1; `kind` is a class, empty for what hurt."""

    start: float
    end: float
    kind: str = ""


def scale(values: Iterable[Value], *, floor: Value = None) -> tuple[float, float]:
    """Lowest and highest of the known values, never equal; `floor` is included where given."""
    known = [value for value in values if value is not None]
    if floor is not None:
        known.append(floor)
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def _points(values: Sequence[Value], low: float, high: float, height: float) -> list[list[tuple[float, float]]]:
    """Runs of known values; a gap in the data is a gap in the line."""
    step = WIDTH / max(len(values) - 1, 1)
    usable = height - 2 * _PAD
    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        runs[-1].append((index * step, height - _PAD - share * usable))
    return [run for run in runs if run]


def _path(run: Sequence[tuple[float, float]]) -> str:
    if len(run) == 1:
        x, y = run[0]
        run = [(max(x - 2, 0), y), (x + 2, y)]
    return "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in run)


def _svg(name: str, height: float, title: str, body: str) -> SafeString:
    return mark_safe(  # noqa: S308 - the body is built here from numbers and escaped text only
        f'<svg class="chart-{name}" viewBox="0 0 {WIDTH:.0f} {height:.0f}" preserveAspectRatio="none" role="img" '
        f'focusable="false"><title>{escape(title)}</title>{body}</svg>'
    )


def sparkline(
    values: Sequence[Value],
    *,
    title: str,
    tone: str = "accent",
    bounds: tuple[float, float] | None = None,
) -> SafeString:
    """The shape of a series in one glance: area and line, from its lowest to its highest value unless `bounds` are given."""
    height, body = 60.0, ""
    low, high = bounds or scale(values)
    for run in _points(values, low, high, height):
        line = _path(run)
        body += f'<path class="area area--{tone}" d="{line}V{height:.0f}H{run[0][0]:.0f}Z"/>'
        body += f'<path class="line line--{tone}" d="{line}" vector-effect="non-scaling-stroke"/>'
    return _svg("spark", height, title, body)


def lines(
    series: Sequence[tuple[str, Sequence[Value]]],
    *,
    title: str,
    bounds: tuple[float, float],
    bands: Sequence[Stretch] = (),
    marks: Sequence[float] = (),
    threshold: Value = None,
    height: float = 220,
) -> SafeString:
    """Several series (tone, values) over one horizontal axis, with bands, marks (0…1) and a threshold line."""
    low, high = bounds
    body = "".join(
        f'<path class="rule" d="M0 {height * part:.1f}H{WIDTH:.0f}" vector-effect="non-scaling-stroke"/>'
        for part in (0.25, 0.5, 0.75)
    )
    body += _bands(bands, height)
    for mark in marks:
        body += f'<path class="mark" d="M{mark * WIDTH:.0f} 0V{height:.0f}" vector-effect="non-scaling-stroke"/>'
    if threshold is not None and low <= threshold <= high:
        y = height - _PAD - (threshold - low) / (high - low) * (height - 2 * _PAD)
        body += f'<path class="threshold" d="M0 {y:.1f}H{WIDTH:.0f}" vector-effect="non-scaling-stroke"/>'
    for tone, values in series:
        for run in _points(values, low, high, height):
            body += f'<path class="line line--{tone}" d="{_path(run)}" vector-effect="non-scaling-stroke"/>'
    return _svg("lines", height, title, body)


def _bands(bands: Sequence[Stretch], height: float) -> str:
    """Incidents, and what was corrected; never thinner than what an eye can find."""
    return "".join(
        f'<rect class="{f"band band--{band.kind}" if band.kind else "band"}" x="{band.start * WIDTH:.0f}" y="0" height="{height:.0f}" '
        f'width="{max((band.end - band.start) * WIDTH, 3):.0f}"/>'
        for band in bands
    )


def burn_down(values: Sequence[Value], *, title: str, bands: Sequence[Stretch] = ()) -> tuple[SafeString, float, float]:
    """Budget left over time, with its zero line; returns the drawing and the bounds of its axis (fractions).

    The axis runs from the whole budget down to nothing, or below it when the budget is overspent.
    """
    low, _ = scale(values, floor=0.0)
    low, high, height = min(low, 0.0), 1.0, 240.0
    zero = height - _PAD - (0.0 - low) / (high - low) * (height - 2 * _PAD)
    body = _bands(bands, height)
    body += f'<path class="zero" d="M0 {zero:.1f}H{WIDTH:.0f}" vector-effect="non-scaling-stroke"/>'
    for run in _points(values, low, high, height):
        line = _path(run)
        body += f'<path class="area area--budget" d="{line}V{zero:.1f}H{run[0][0]:.0f}Z"/>'
        body += f'<path class="line line--budget" d="{line}" vector-effect="non-scaling-stroke"/>'
    return _svg("burn", height, title, body), low, high


def status_strip(cells: Sequence[Cell], *, title: str) -> SafeString:
    """One cell per slice of time, oldest first."""
    step, height = WIDTH / max(len(cells), 1), 34.0
    body = "".join(
        f'<rect class="cell cell--{cell.tone}" x="{index * step:.1f}" y="0" width="{step * 0.78:.1f}" '
        f'height="{height:.0f}" rx="2"><title>{escape(cell.title)}</title></rect>'
        for index, cell in enumerate(cells)
    )
    return _svg("strip", height, title, body)


def beside(bars: Sequence[Beside], *, title: str) -> SafeString:
    """Two histograms over the same bins: the first as a bed, the second as a narrower bar before it."""
    step, height = WIDTH / max(len(bars), 1), 44.0
    highest = max((max(bar.before, bar.after) for bar in bars), default=0.0) or 1.0
    body = ""
    for index, bar in enumerate(bars):
        bed, front = (height * share / highest for share in (bar.before, bar.after))
        left = index * step
        body += (
            f"<g><title>{escape(bar.title)}</title>"
            f'<rect class="bed" x="{left + step * 0.06:.1f}" y="{height - bed:.1f}" width="{step * 0.88:.1f}" height="{bed:.1f}"/>'
            f'<rect class="front" x="{left + step * 0.3:.1f}" y="{height - front:.1f}" width="{step * 0.4:.1f}" '
            f'height="{front:.1f}"/></g>'
        )
    return _svg("beside", height, title, body)


def stacks(columns: Sequence[Sequence[tuple[str, float]]], *, titles: Sequence[str], title: str) -> SafeString:
    """Bars of parts (tone, amount) on top of each other, one per column, the first part at the bottom."""
    step, height = WIDTH / max(len(columns), 1), 190.0
    highest = max((sum(amount for _, amount in column) for column in columns), default=0.0) or 1.0
    body = ""
    for index, (column, told) in enumerate(zip(columns, titles, strict=True)):
        top = height
        body += f"<g><title>{escape(told)}</title>"
        for tone, amount in column:
            tall = height * amount / highest
            top -= tall
            left, wide = index * step + step * 0.08, step * 0.84
            body += (
                f'<rect class="part part--{tone}" x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
            )
        body += "</g>"
    return _svg("stacks", height, title, body)


def meter(fraction: Value, *, title: str, tone: str = "accent") -> SafeString:
    """A bar filled to a fraction; below nothing and above everything it is cut, the title tells the truth."""
    share, height = min(max(fraction or 0.0, 0.0), 1.0), 10.0
    body = f'<rect class="meter-bed" x="0" y="0" width="{WIDTH:.0f}" height="{height:.0f}"/>'
    if share > 0:
        body += f'<rect class="cell cell--{tone}" x="0" y="0" width="{share * WIDTH:.0f}" height="{height:.0f}"/>'
    return _svg("meter", height, title, body)


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a plane, both coordinates in 0…1; `low` and `high` draw its interval; `title` says what it is."""

    x: float
    y: float
    title: str
    low: Value = None
    high: Value = None


def plane(
    curves: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    title: str,
    dots: Sequence[Dot] = (),
    diagonal: bool = False,
    marks: Sequence[float] = (),
    height: float = 640,
) -> SafeString:
    """Curves (tone, points in 0…1) and dots over the unit square, with vertical marks and the diagonal where it is chance."""
    body = "".join(
        f'<path class="rule" d="M0 {height * part:.1f}H{WIDTH:.0f}M{WIDTH * part:.0f} 0V{height:.0f}" '
        f'vector-effect="non-scaling-stroke"/>'
        for part in (0.25, 0.5, 0.75)
    )
    if diagonal:
        body += f'<path class="chance" d="M0 {height:.0f}L{WIDTH:.0f} 0" vector-effect="non-scaling-stroke"/>'
    for mark in marks:
        body += f'<path class="mark" d="M{mark * WIDTH:.0f} 0V{height:.0f}" vector-effect="non-scaling-stroke"/>'
    for tone, points in curves:
        run = [(x * WIDTH, height - y * height) for x, y in points]
        if run:
            body += f'<path class="line line--{tone}" d="{_path(run)}" vector-effect="non-scaling-stroke"/>'
    return _svg("plane", height, title, body + "".join(_dot(dot, height) for dot in dots))


def _dot(dot: Dot, height: float) -> str:
    """A short thick stroke, which stays round however the plane is stretched, over its interval."""
    x, y = dot.x * WIDTH, height - dot.y * height
    body = f"<g><title>{escape(dot.title)}</title>"
    if dot.low is not None and dot.high is not None:
        body += (
            f'<path class="whisker" d="M{x:.0f} {height - dot.low * height:.1f}V{height - dot.high * height:.1f}" '
            'vector-effect="non-scaling-stroke"/>'
        )
    return body + f'<path class="dot" d="M{x:.0f} {y:.1f}h0.01" vector-effect="non-scaling-stroke"/></g>'


def columns(bars: Sequence[tuple[float, str]], *, title: str, marks: Sequence[float] = ()) -> SafeString:
    """A histogram: (how much, what it says) of neighbouring bars, with vertical marks in 0…1."""
    step, height = WIDTH / max(len(bars), 1), 220.0
    highest = max((much for much, _ in bars), default=0.0) or 1.0
    body = "".join(
        f'<rect class="column" x="{index * step + step * 0.04:.1f}" y="{height - height * much / highest:.1f}" '
        f'width="{step * 0.92:.1f}" height="{height * much / highest:.1f}"><title>{escape(text)}</title></rect>'
        for index, (much, text) in enumerate(bars)
    )
    for mark in marks:
        body += f'<path class="mark" d="M{mark * WIDTH:.0f} 0V{height:.0f}" vector-effect="non-scaling-stroke"/>'
    return _svg("columns", height, title, body)
