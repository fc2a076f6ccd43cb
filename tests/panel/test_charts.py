"""Charts drawn on the server: well-formed, within their box, escaped, honest about gaps."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import charts

VALUES = st.lists(st.none() | st.floats(-1e9, 1e9, allow_nan=False), max_size=60)
NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def heights(svg: str, name: str) -> list[float]:
    """The y of every point of the paths of that class."""
    paths = [one.get("d", "") for one in parsed(svg) if name in one.get("class", "").split()]
    return [float(pair.split()[1]) for path in paths for pair in re.findall(r"[\d.-]+ [\d.-]+", path)]


@given(VALUES)
def test_a_sparkline_is_one_well_formed_image_with_a_title(values):
    image = parsed(charts.sparkline(values, title="Accuracy <24 h>"))
    assert image.get("role") == "img"
    assert image[0].tag == "title"
    assert image[0].text == "Accuracy <24 h>"


@given(VALUES)
def test_every_point_of_a_sparkline_lies_in_its_box(values):
    assert all(0 <= y <= 60 for y in heights(charts.sparkline(values, title="t"), "line"))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40, unique=True))
def test_a_higher_value_is_drawn_higher(values):
    drawn = heights(charts.sparkline(values, title="t"), "line")
    highest, lowest = values.index(max(values)), values.index(min(values))
    assert drawn[highest] < drawn[lowest] or drawn[highest] == drawn[lowest] == drawn[0]


def test_a_gap_in_the_data_is_a_gap_in_the_line():
    svg = charts.sparkline([1, 2, None, 3, 4], title="t")
    assert svg.count('class="line ') == 2


def test_one_lonely_point_is_still_seen():
    assert heights(charts.sparkline([None, 5.0, None], title="t"), "line")


def test_nothing_known_draws_nothing():
    assert 'class="line' not in charts.sparkline([None, None], title="t")


@given(st.lists(st.none() | st.floats(-5, 1), min_size=1, max_size=50))
def test_a_burn_down_shows_the_whole_budget_and_the_whole_debt(values):
    _svg, low, high = charts.burn_down(values, title="t")
    assert high == 1.0
    assert low <= min([value for value in values if value is not None], default=0.0)
    assert low <= 0.0


@given(st.none() | st.floats(-3, 3))
def test_a_meter_is_never_fuller_than_full_nor_emptier_than_empty(fraction):
    filled = [one for one in parsed(charts.meter(fraction, title="t")) if "cell" in one.get("class", "").split()]
    widths = [float(one.get("width", "0")) for one in filled]
    assert all(0 < width <= charts.WIDTH or width == 0 for width in widths)
    assert bool(filled) == (fraction is not None and fraction > 0)


def test_a_strip_has_a_cell_and_a_title_for_every_slice():
    cells = [charts.Cell("ok", "10:00 · healthy"), charts.Cell("bad", "10:15 · INC-7 & more")]
    image = parsed(charts.status_strip(cells, title="A day"))
    drawn = [one for one in image if one.tag == "rect"]
    assert [one[0].text for one in drawn] == ["10:00 · healthy", "10:15 · INC-7 & more"]


def test_no_chart_carries_style_or_script():
    drawn = [
        charts.lines([("accent", [0.1, 0.5])], title="t", bounds=(0, 1), bands=[charts.Stretch(0, 0.5)], marks=[0.3]),
        charts.burn_down([1.0, -0.2], title="t")[0],
    ]
    assert not any("style=" in svg or "<script" in svg for svg in drawn)


def test_a_sparkline_with_bounds_keeps_its_scale():
    (line,) = [
        one
        for one in parsed(charts.sparkline([0.9, 0.9], title="t", bounds=(0.0, 1.0)))
        if "line" in one.get("class", "").split()
    ]
    heights = {float(part.split()[1]) for part in line.get("d", "").removeprefix("M").split("L")}
    (height,) = heights
    assert height == pytest.approx(60 - charts._PAD - 0.9 * (60 - 2 * charts._PAD), abs=0.05)
