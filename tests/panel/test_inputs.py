"""The inputs on a model's page, in each of their states: never a wrong number, never a 500."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.drift.references import freeze, set_reference
from monitoring.selectors.references import History
from monitoring.stats.profile_data import profile_of_histograms
from monitoring.stats.sample import sample_of
from panel.pages.inputs import history_sentence, inputs_of
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.references import applicants, predictions, reference

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def arrive(credit_risk: Model, stopped_clock: datetime):
    """Rows of features that come in ten minutes before now, by default."""

    def _arrive(features: list) -> None:
        at = stopped_clock.replace(minute=0)
        items = predictions(features, ts=micros(at) - 600_000_000)
        put_body(credit_risk.project, "prediction", items, received=at)
        drain_until_empty(now=at)

    return _arrive


def page(client: Client, model: Model) -> str:
    answer = client.get(reverse("panel:model", args=[model.project.slug, f"{model.slug}/inputs"]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_without_a_reference_the_page_says_how_to_set_one(as_bia: Client, credit_risk: Model, arrive):
    arrive(applicants(200))
    told = page(as_bia, credit_risk)
    assert "No reference: nobody has said what the inputs should look like" in told
    assert "manage.py reference" in told
    assert "chart-beside" not in told


def test_a_reference_that_nothing_came_for(as_bia: Client, credit_risk: Model, stopped_clock: datetime):
    reference(credit_risk, stopped_clock)
    assert "No reference: nobody" in page(as_bia, credit_risk), "no version serves yet"


def test_no_drift_is_said_with_both_gates_and_n(as_bia: Client, credit_risk: Model, stopped_clock, arrive):
    reference(credit_risk, stopped_clock)
    arrive(applicants(300, seed=4))
    told = page(as_bia, credit_risk)
    assert "No drift: none of 2 features differs both significantly (p at most 0.03" in told
    assert "PSI at least 0.05). n 300." in told
    assert told.count('class="chart-beside"') == 2
    assert "version 1, reference of" in told


def test_drift_is_ranked_and_drawn(as_bia: Client, credit_risk: Model, stopped_clock, arrive):
    reference(credit_risk, stopped_clock)
    arrive(applicants(300, seed=4, shift=1))
    told = page(as_bia, credit_risk)
    assert "1 of 2 features has drifted: significantly (p at most 0.03" in told
    assert told.index(">income<") < told.index(">region<")
    assert "Drifted" in told
    assert "in the reference," in told


def test_a_broken_column_says_how_and_is_not_judged_for_drift(as_bia: Client, credit_risk, stopped_clock, arrive):
    reference(credit_risk, stopped_clock)
    arrive([{**row, "income": None} if number % 5 else row for number, row in enumerate(applicants(300, shift=2))])
    told = page(as_bia, credit_risk)
    assert "1 column is broken and therefore not judged for drift." in told
    assert "80 % null (reference 0 %)" in told
    assert "No drift: none of 1 features" in told


def test_a_broken_column_is_named_where_drift_has_too_few_rows(as_bia: Client, credit_risk, stopped_clock, arrive):
    reference(credit_risk, stopped_clock)
    arrive([{**row, "income": None} for row in applicants(60)])
    told = page(as_bia, credit_risk)
    assert "1 column is broken" in told
    assert "Too few predictions to judge drift: n 60, 100 are needed." in told
    found = inputs_of(credit_risk, None, start=stopped_clock.replace(hour=0), now=stopped_clock)
    assert (found.state, found.rows[0].name) == ("broken", "income")


def test_a_number_without_values_in_the_reference_is_drawn_with_its_ends(credit_risk, stopped_clock, arrive):
    profile = profile_of_histograms({"income": {"edges": [90], "counts": [0, 0], "nulls": 50}})
    set_reference(credit_risk.versions.get(), profile, origin="histograms", now=stopped_clock)
    arrive(applicants(200))
    found = inputs_of(credit_risk, None, start=stopped_clock.replace(hour=0), now=stopped_clock)
    assert "90 … ∞:" in found.rows[0].drawing
    assert "(" not in found.rows[0].drawing


@pytest.mark.parametrize(
    ("rows", "told", "state"),
    [
        (applicants(30), "Too few predictions to judge drift: n 30, 100 are needed.", "few_rows"),
        (
            [{"salary": 3}] * 150,
            "None of the reference's features arrives (n 150): were they renamed?",
            "other_features",
        ),
        ([None] * 150, "None of the reference's features arrives", "other_features"),
    ],
)
def test_what_cannot_be_judged_is_named(as_bia: Client, credit_risk, stopped_clock, arrive, rows, told, state):
    reference(credit_risk, stopped_clock)
    arrive(rows)
    assert told.replace("'", "&#x27;") in page(as_bia, credit_risk)
    found = inputs_of(credit_risk, None, start=stopped_clock.replace(hour=0), now=stopped_clock)
    assert found.state == state


def test_the_serving_version_is_judged_by_its_own_reference(credit_risk, stopped_clock, arrive):
    first = reference(credit_risk, stopped_clock)
    arrive(applicants(300))
    version = credit_risk.versions.get()
    start = stopped_clock.replace(hour=0)
    assert inputs_of(credit_risk, version, start=start, now=stopped_clock).reference == first
    reference(credit_risk, stopped_clock, seed=8)
    again = inputs_of(credit_risk, version, start=start, now=stopped_clock)
    assert (again.state, again.rows) == ("no_data", [])


def test_predictions_and_scores_stand_among_the_inputs(as_bia: Client, credit_risk: Model, stopped_clock: datetime):
    rows = [{**row, "prediction": "paid", "score": 0.1 + n / 5_000} for n, row in enumerate(applicants(2_000))]
    version = credit_risk.versions.select_related("model").get()
    set_reference(version, freeze(version, sample_of(rows)), origin="rows", now=stopped_clock)
    items = predictions(applicants(300, seed=4), ts=micros(stopped_clock.replace(minute=0)) - 600_000_000)
    for n, item in enumerate(items):
        item |= {"prediction": "paid" if n % 2 else "default", "score": 0.4 + n / 3_000}
    put_body(credit_risk.project, "prediction", items, received=stopped_clock)
    drain_until_empty(now=stopped_clock)
    found = inputs_of(credit_risk, version, start=stopped_clock.replace(hour=0), now=stopped_clock)
    states = {row.name: (row.state, row.answer) for row in found.rows}
    assert states["score"] == ("drifted", True)
    assert states["prediction"] == ("broken", True), "a class that training never answered"
    assert states["income"] == ("ok", False)
    assert "the model's answer" in page(as_bia, credit_risk)


@pytest.mark.parametrize(
    ("history", "told"),
    [
        (History("partial", NOON), "Partial: predictions from before"),
        (History("folding", share=0.42), "are being counted by it: 42"),
        (History("stopped"), "was stopped"),
        (History("complete"), ""),
    ],
)
def test_the_page_says_how_far_back_the_reference_reaches(history: History, told: str):
    assert told in history_sentence(history)
    assert bool(told) == bool(history_sentence(history))


@pytest.mark.parametrize(
    ("against", "state", "told"),
    [
        ("week", "few_past", "The same hours of the past have too few predictions to compare with (n 200)."),
        ("reference_week", "no_period", "The reference was not taken from a past window"),
        ("nonsense", "ok", "No drift: none of 2 features"),
    ],
)
def test_the_page_compares_with_the_past_where_it_is_asked_to(
    as_bia: Client, credit_risk: Model, stopped_clock, arrive, against: str, state: str, told: str
):
    reference(credit_risk, stopped_clock)
    arrive(applicants(200, seed=3))
    answer = as_bia.get(reverse("panel:model", args=["aurora", "credit-risk/inputs"]), {"against": against})
    assert answer.status_code == 200
    assert told in " ".join(answer.content.decode().split())
    if against in ("week", "reference_week"):
        start = stopped_clock.replace(hour=0)
        assert inputs_of(credit_risk, None, start=start, now=stopped_clock, against=against).state == state


def test_two_hundred_classes_are_drawn(as_bia: Client, credit_risk: Model, stopped_clock, arrive):
    version = credit_risk.versions.select_related("model").get()
    rows = [{"city": f"c{n % 200}"} for n in range(20_000)]
    set_reference(version, freeze(version, sample_of(rows)), origin="rows", now=stopped_clock)
    arrive([{"city": f"c{n % 200}"} for n in range(1_000)])
    told = page(as_bia, credit_risk)
    assert "No drift: none of 1 features" in told
    assert "other categories: 75" in told


def test_calls_of_language_models_have_no_such_section(as_bia: Client, support_assistant: Model, stopped_clock):
    address = reverse("panel:model", args=[support_assistant.project.slug, f"{support_assistant.slug}/inputs"])
    assert as_bia.get(address).status_code == 404


def test_the_section_speaks_portuguese(as_bia: Client, credit_risk: Model, stopped_clock, arrive):
    reference(credit_risk, stopped_clock)
    arrive(applicants(300, seed=4, shift=1))
    as_bia.cookies["django_language"] = "pt-br"
    assert "1 de 2 atributos derivou" in page(as_bia, credit_risk)
