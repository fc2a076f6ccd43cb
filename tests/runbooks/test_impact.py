"""What an incident cost: the same hours a week before, else as much time just before; by decisions, else by revenue."""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from alerting.models import Incident
from models_registry.models import Model
from monitoring.measures.series import subjects_of
from monitoring.measures.value_lost import Loss, value_lost
from monitoring.models import Bucket
from monitoring.models.summaries import Tier
from monitoring.retention import retain
from monitoring.summaries.rollup import rollup
from runbooks.draft import draft_body
from runbooks.impact import impact_lines, loss_line, loss_of
from runbooks.models import Review
from tests.monitoring.series import add, class_code, labelled, series_of, served

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
MATRIX = {"default": {"default": 0, "paid": -100}, "paid": {"default": -10, "paid": 20}}


@pytest.fixture
def valued(credit_risk: Model) -> Model:
    credit_risk.value_matrix = MATRIX
    credit_risk.save()
    class_code(credit_risk, "default", 1)
    class_code(credit_risk, "paid", 2)
    return credit_risk


def decided(model: Model, at: datetime, *, good: int, bad: int, unlabelled: int = 0) -> None:
    """Loans that were paid back, loans that were not, loans that nobody knows of yet."""
    labelled(model, at, [(2, 2)] * good + [(1, 2)] * bad)
    add(series_of(model, "decision"), at, {2: good + bad + unlabelled})


def lost(model: Model, now: datetime) -> Loss | None:
    return value_lost(model, None, start=now, end=now + HOUR, subject=subjects_of([model])[model.pk])


def test_the_week_before_is_what_is_usual(valued: Model, now: datetime):
    decided(valued, now - WEEK, good=90, bad=10)
    decided(valued, now - HOUR, good=100, bad=0)
    decided(valued, now, good=10, bad=10, unlabelled=20)
    usual, worth = (90 * 20 - 10 * 100) / 100, (10 * 20 - 10 * 100) / 20 * 40
    assert lost(valued, now) == Loss(usual * 40 - worth, usual, 40, worth, "decisions", "week")


def test_what_is_usual_does_not_change_when_the_minutes_of_last_week_go(valued: Model, now: datetime):
    subject = subjects_of([valued])[valued.pk]
    start, end = now + timedelta(minutes=20), now + timedelta(minutes=80)
    for minutes, good, bad in ((5, 40, 0), (30, 30, 10), (110, 50, 5)):
        decided(valued, now - WEEK + timedelta(minutes=minutes), good=good, bad=bad)
    decided(valued, start, good=0, bad=30)
    rollup(now=now + HOUR * 3)
    before = value_lost(valued, None, start=start, end=end, subject=subject)
    retain(now=now + HOUR * 3)
    assert not Bucket.objects.filter(tier=Tier.MINUTE, start__lt=int((now - WEEK + HOUR * 3).timestamp())).exists()
    assert value_lost(valued, None, start=start, end=end, subject=subject) == before
    assert before.rate == (120 * 20 - 15 * 100) / 135


def test_without_enough_of_that_it_is_the_time_just_before(valued: Model, now: datetime):
    decided(valued, now - WEEK, good=5, bad=0)
    decided(valued, now - HOUR, good=40, bad=0)
    decided(valued, now, good=0, bad=1)
    found = lost(valued, now)
    assert (found.baseline, found.rate, found.lost) == ("before", 20, 120)
    assert loss_line(found) == (
        "Value lost: 120.00 = 20.00 per decision in as much time just before × 1 decisions − (−100.00)."
    )


def test_without_a_matrix_revenue_tells(credit_risk: Model, now: datetime):
    for at, requests, revenue in ((now - WEEK, 100, 500), (now, 80, 100)):
        served(credit_risk, at, ok=requests)
        add(
            series_of(credit_risk, "business_value"), at, {1: revenue * 1_000_000}, n=revenue, total=revenue * 1_000_000
        )
    assert lost(credit_risk, now) == Loss(300, 5, 80, 100, "requests", "week")


def test_nothing_known_is_nothing_said(valued: Model, now: datetime):
    assert lost(valued, now) is None
    decided(valued, now - WEEK, good=40, bad=0)
    assert lost(valued, now) is None, "no decision in the window"


def test_the_draft_and_the_page_tell_it_with_its_formula(
    resolved: Incident, credit_risk: Model, as_ana: Client, now: datetime, stopped_clock: Any
):
    credit_risk.value_matrix = MATRIX
    credit_risk.save()
    class_code(credit_risk, "default", 1)
    class_code(credit_risk, "paid", 2)
    start = resolved.impact_started_at
    decided(credit_risk, start - WEEK, good=50, bad=0)
    decided(credit_risk, start + timedelta(minutes=5), good=0, bad=30)
    resolved.refresh_from_db()
    told = "Value lost: 3,600.00 = 20.00 per decision in the same hours a week before × 30 decisions − (−3,000.00)."
    assert told in impact_lines(resolved)
    assert loss_of(resolved, now=now).lost == 3_600
    review, _ = Review.objects.get_or_create(incident=resolved, defaults={"created_at": now})
    assert told in draft_body(review)
    page = as_ana.get(f"/incidents/{resolved.number}/").content.decode()
    assert told in page
    assert "3,600.00</b>" in page


@given(
    st.floats(-1e5, 1e5, allow_subnormal=False),
    st.integers(1, 10**7),
    st.floats(-1e9, 1e9, allow_subnormal=False),
)
def test_whoever_counts_the_formula_again_gets_what_is_shown(rate: float, count: int, worth: float) -> None:
    found = Loss(rate * count - worth, rate, count, worth, "decisions", "week")
    line = loss_line(found).replace(",", "").replace("−", "-").replace("(", "").replace(")", "")
    shown = re.fullmatch(r"Value lost: (\S+) = (\S+) per .* × (\d+) decisions - (\S+)\.", line)
    assert shown
    lost, per, n, was = (Decimal(text) for text in shown.groups())
    digits = Decimal(1).scaleb(lost.as_tuple().exponent)
    assert (per * n - was).quantize(digits, rounding=ROUND_HALF_EVEN) == lost
    assert abs(float(lost) - found.lost) <= 2 * float(digits) + 1e-9 * (abs(worth) + abs(rate) * count)


@pytest.mark.parametrize(
    ("language", "unit", "told"),
    [
        (
            "en",
            "US$",
            "Value lost: US$120.00 = US$20.00 per decision in as much time just before × 1 decisions − (−US$100.00).",
        ),
        ("en", "points", "120.00 points = 20.00 points per decision"),
        ("pt-br", "R$", "R$ 120,00 = R$ 20,00 por decisão"),
    ],
)
def test_figures_say_what_they_are_counted_in(language: str, unit: str, told: str) -> None:
    with override(language):
        line = loss_line(Loss(120, 20, 1, -100, "decisions", "before"), unit=unit)
    assert told in line.replace("\N{NO-BREAK SPACE}", " ")
