"""Figures as the active language writes them; budgets are cut, never rounded up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from monitoring.catalogue.units import WRITERS
from monitoring.models import Feedback
from panel import format as write
from panel.templatetags.panel import opinion

NBSP = "\u00a0"


@pytest.mark.parametrize(("language", "text"), [("en", "1,204"), ("pt-br", "1.204")])
def test_thousands_follow_the_language(language, text):
    with translation.override(language):
        assert write.number(1204) == text


@given(st.floats(-2, 1.5, allow_nan=False))
def test_a_budget_is_never_shown_larger_than_it_is(fraction):
    with translation.override("en"):
        shown = write.percent_floor(fraction)
    assert float(shown.replace("−", "-").replace(",", "").rstrip("%")) / 100 <= fraction + 1e-12


def test_almost_everything_is_not_everything():
    with translation.override("en"):
        assert write.percent_floor(0.99999) == "99.99%"
        assert write.percent_floor(-0.1234) == "−12.34%"


@pytest.mark.parametrize(("target", "text"), [(0.9, "90%"), (0.999, "99.9%"), (0.99995, "99.995%")])
def test_a_promise_is_shown_as_it_was_made(target, text):
    with translation.override("en"):
        assert write.percent_exact(target) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(days=1, hours=23, minutes=59), f"1{NBSP}d{NBSP}23{NBSP}h"),
        (timedelta(hours=4, minutes=50), f"4{NBSP}h{NBSP}50{NBSP}min"),
        (timedelta(seconds=12), f"12{NBSP}s"),
        (0, f"0{NBSP}s"),
        (timedelta(days=30), f"30{NBSP}d"),
        (None, "—"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(value, text):
    assert write.span(value) == text


@pytest.mark.parametrize(
    ("dollars", "english", "portuguese"),
    [
        (-15.88, "−US$15.88", f"−US${NBSP}15,88"),
        (0.0, "US$0.00", f"US${NBSP}0,00"),
        (0.0035, "US$0.0035", f"US${NBSP}0,0035"),
        (0.0000228, "US$0.0000228", f"US${NBSP}0,0000228"),
    ],
)
def test_the_sign_of_money_stands_before_the_currency(dollars, english, portuguese):
    for language, text in (("en", english), ("pt-br", portuguese)):
        with translation.override(language):
            assert write.money(dollars) == text
    with translation.override("en"):
        assert write.money_exact(Decimal("-0.125")) == "−US$0.125"


@pytest.mark.parametrize("unit", WRITERS)
def test_every_unit_has_one_minus_sign_before_everything(unit):
    with translation.override("en"):
        assert write.figure(-3_725.0, unit).startswith("−")
        assert "-" not in write.figure(-3_725.0, unit)
        assert write.figure(-0.0, unit).startswith(("0", "US$0"))


def test_an_unknown_figure_is_a_dash_and_not_zero():
    writers = (write.number, write.percent, write.milliseconds, write.money, write.rate, write.burn, write.compact)
    assert [writer(None) for writer in writers] == ["—"] * len(writers)


def test_a_moment_names_its_day_unless_it_is_today():
    noon = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
    with translation.override("en"):
        assert write.moment(noon, now=noon) == "12:00"
        assert write.moment(noon) == "Mar 10, 12:00"


@pytest.mark.parametrize(
    ("kind", "value", "english", "portuguese"),
    [
        ("thumb", "down", "thumbs down", "polegar para baixo"),
        ("score", "4", "rating: 4", "nota: 4"),
        ("category", "confusa", "category: confusa", "categoria: confusa"),
        ("comment", "", "comment", "comentário"),
    ],
)
def test_opinions_are_told_in_words(kind, value, english, portuguese):
    row = Feedback(kind=kind, value=value)
    for language, text in (("en", english), ("pt-br", portuguese)):
        with translation.override(language):
            assert opinion(row) == text
