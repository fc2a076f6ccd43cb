"""Drift by API: both gates and every value, and a named state where nothing can be judged. Never a 500."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from scipy import stats
from scipy.spatial.distance import jensenshannon

from models_registry.jobs import run_jobs
from models_registry.keys import create_key
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.drift.references import freeze, sample_of_window, set_reference
from monitoring.stats.profile_data import profile_of_histograms
from monitoring.stats.sample import sample_of
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.references import applicants, predictions, reference

PATH = "/api/v1/models/credit-risk/versions/1/drift"
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@pytest.fixture
def api(credit_risk: Model, stopped_clock: datetime) -> Client:
    _, token = create_key(project=credit_risk.project, name="reader", scopes=["read"])
    return Client(headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def arrive(credit_risk: Model, now: datetime):
    """Rows of features that come some time before now."""

    def _arrive(features: list, *, ago: timedelta = HOUR, **more: Any) -> None:
        at = now - ago
        items = predictions(features, prefix=f"{ago}-", ts=micros(at), **more)
        put_body(credit_risk.project, "prediction", items, received=now)
        drain_until_empty(now=now)

    return _arrive


def ask(api: Client, **params: str) -> dict[str, Any]:
    answer = api.get(PATH, params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_every_value_is_what_an_independent_computation_says(api: Client, credit_risk: Model, now: datetime, arrive):
    trained, came = applicants(5_000, seed=1), applicants(800, seed=3, shift=0.4)
    reference(credit_risk, now)
    arrive(came)
    told = ask(api)
    assert (told["state"], told["rows"], told["drifted"], told["broken"]) == ("drifted", 800, ["income"], [])
    income, region = told["features"]
    north = np.array([[row["region"] == "north" for row in rows].count(True) for rows in (trained, came)])
    table = np.array([[north[0], 5_000 - north[0]], [north[1], 800 - north[1]]])
    expected = stats.chi2_contingency(table, correction=False)
    assert (region["chi2"], region["p"]) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert region["js"] == pytest.approx(jensenshannon(*(table / table.sum(axis=1, keepdims=True)), base=2))
    exact = stats.ks_2samp([row["income"] for row in trained], [row["income"] for row in came])
    assert income["ks"] == pytest.approx(exact.statistic, abs=0.02)
    assert (income["significant"], income["large"], region["large"]) == (True, True, False)
    assert income["p_corrected"] == pytest.approx(min(1.0, income["p"] * 2))
    assert told["gates"] == {"p_corrected_at_most": 0.03, "psi_at_least": 0.05, "values": 100}
    assert told["reference"]["history"]["state"] == "complete"


def test_predictions_and_scores_are_held_against_the_reference_by_their_names(
    api: Client, credit_risk: Model, now: datetime, arrive
):
    version = credit_risk.versions.select_related("model").get()
    rows = [
        {**row, "prediction": "paid" if n % 4 else "default", "score": 0.1 + (n % 800) / 1_000}
        for n, row in enumerate(applicants(4_000))
    ]
    set_reference(version, freeze(version, sample_of(rows)), origin="rows", now=now)
    arrive(applicants(200, seed=2), prediction="paid", score=0.85)
    arrive(applicants(200, seed=4), ago=2 * HOUR, prediction="paid", score=0.75)
    found = {one["name"]: one for one in ask(api)["features"]}
    assert (found["prediction"]["source"], found["prediction"]["state"]) == ("prediction", "broken")
    assert found["prediction"]["faults"][0]["kind"] == "constant"
    assert (found["score"]["source"], found["score"]["state"], found["score"]["psi"] > 1) == ("score", "drifted", True)
    assert found["income"]["state"] == "ok"


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        (applicants(30), "few_rows"),
        ([{"salary": 3}] * 150, "other_features"),
        ([{"income": None, "region": None}] * 150, "other_features"),
        ([None] * 150, "other_features"),
        ([{"income": "x" if n % 2 else 100, "region": "north"} for n in range(150)], "broken"),
        ([], "no_data"),
    ],
)
def test_what_cannot_be_judged_is_named(api: Client, credit_risk: Model, now: datetime, arrive, rows: list, state: str):
    reference(credit_risk, now)
    if rows:
        arrive(rows)
    told = ask(api)
    assert told["state"] == state
    assert told["drifted"] == []
    assert not any(one["psi"] for one in told["features"] if state == "other_features")


def test_a_version_without_a_reference_is_named(api: Client, arrive):
    arrive(applicants(200))
    told = ask(api)
    assert (told["state"], told["reference"], told["features"], told["rows"]) == ("no_reference", None, [], 0)


def test_two_hundred_classes_are_counted_and_judged(api: Client, credit_risk: Model, now: datetime, arrive):
    version = credit_risk.versions.select_related("model").get()
    rows = [{"city": f"c{n % 200}", "prediction": f"k{n % 200}"} for n in range(20_000)]
    set_reference(version, freeze(version, sample_of(rows)), origin="rows", now=now)
    items = predictions([{"city": f"c{n % 200}"} for n in range(1_000)], ts=micros(now - HOUR))
    for n, item in enumerate(items):
        item["prediction"] = f"k{n % 200}"
    put_body(credit_risk.project, "prediction", items, received=now)
    drain_until_empty(now=now)
    told = ask(api)
    assert told["state"] == "ok"
    assert {one["name"]: (one["other"], one["never_seen"], one["faults"]) for one in told["features"]} == {
        "city": (750, 0, []),
        "prediction": (750, 0, []),
    }


def test_a_reference_of_nulls_alone_is_named(api: Client, credit_risk: Model, now: datetime, arrive):
    profile = profile_of_histograms({"income": {"edges": [90], "counts": [0, 0], "nulls": 50}})
    set_reference(credit_risk.versions.get(), profile, origin="histograms", now=now)
    arrive(applicants(200))
    told = ask(api)
    assert (told["state"], told["features"][0]["state"]) == ("not_judged", "no_reference_values")


def test_the_same_hour_of_earlier_weeks(api: Client, credit_risk: Model, now: datetime, arrive):
    reference(credit_risk, now)
    moved = applicants(400, seed=5, shift=1)
    for weeks in (1, 2):
        arrive(moved, ago=HOUR + weeks * WEEK)
    arrive(applicants(400, seed=6, shift=1))
    span = {"from": (now - HOUR).isoformat(), "to": now.isoformat()}
    assert ask(api, **span)["state"] == "drifted"
    told = ask(api, **span, against="week")
    assert (told["state"], told["past_rows"], len(told["past"])) == ("ok", 800, 4)
    assert told["past"][0]["from"] == (now - HOUR - WEEK).isoformat()
    assert ask(api, **span, against="day")["past_rows"] == 400, "seven days ago is among them"


def test_a_past_without_enough_is_named(api: Client, credit_risk: Model, now: datetime, arrive):
    reference(credit_risk, now)
    arrive(applicants(99, seed=5), ago=HOUR + DAY)
    arrive(applicants(400, seed=6))
    told = ask(api, **{"from": (now - HOUR).isoformat()}, against="day")
    assert (told["state"], told["past_rows"], {one["state"] for one in told["features"]}) == (
        "few_past",
        99,
        {"few_past"},
    )


def test_a_quiet_week_against_a_busy_hour_is_drift(api: Client, credit_risk: Model, now: datetime, arrive):
    reference(credit_risk, now)
    arrive(applicants(400, seed=5), ago=HOUR + DAY)
    arrive(applicants(400, seed=6, shift=1))
    span = {"from": (now - HOUR).isoformat(), "to": now.isoformat()}
    assert ask(api, **span, against="day")["drifted"] == ["income"]


def test_the_same_hour_in_the_weeks_that_the_reference_was_taken_from(api, credit_risk: Model, now: datetime, arrive):
    span = {"from": (now - HOUR).isoformat(), "to": now.isoformat()}
    for weeks in (2, 3):
        arrive(applicants(300, seed=weeks), ago=HOUR + weeks * WEEK)
    arrive(applicants(300, seed=9, shift=1), ago=HOUR + WEEK)
    version = credit_risk.versions.select_related("model").get()
    period = (now - 4 * WEEK, now - 2 * WEEK + HOUR)
    sample = sample_of_window(version, start=period[0], end=period[1])
    set_reference(version, freeze(version, sample), origin="window", now=now, period=period)
    run_jobs(now=now)
    arrive(applicants(300, seed=8))
    told = ask(api, **span, against="reference_week")
    assert (told["state"], told["past_rows"], len(told["past"])) == ("ok", 600, 2)


def test_a_reference_from_no_period_has_no_weeks(api: Client, credit_risk: Model, now: datetime, arrive):
    reference(credit_risk, now)
    arrive(applicants(300))
    assert ask(api, against="reference_week")["state"] == "no_period"


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"against": "month"}, "/against"),
        ({"compat": "whylogs"}, "/compat"),
        ({"compat": "evidently", "segment": "a=b"}, "/compat"),
        ({"from": "soon"}, "/from"),
        ({"from": "2026-03-11T00:00:00Z", "to": "2026-03-10T00:00:00Z"}, "/to"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field(api: Client, params: dict[str, str], pointer: str):
    answer = api.get(PATH, params)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_unknown_versions_are_not_found(api: Client):
    assert api.get(PATH.replace("versions/1", "versions/2")).status_code == 404


def test_other_tools_values_stand_beside_ours(api: Client, credit_risk: Model, now: datetime, arrive):
    version = credit_risk.versions.select_related("model").get()
    rows = [
        {**row, "prediction": "paid" if n % 3 else "default", "score": n / 2_000}
        for n, row in enumerate(applicants(2_000))
    ]
    sample = sample_of(rows)
    set_reference(version, freeze(version, sample), origin="rows", now=now, sample=sample)
    came = applicants(500, seed=4, shift=1)
    arrive(came, prediction="paid", score=0.5)
    told = ask(api, compat="evidently")
    compat = told["compat"]
    assert (told["state"], compat["state"], compat["tool_version"]) == ("broken", "ok", "0.7.23")
    assert (compat["reference_rows"], compat["rows"], compat["complete"], compat["dataset_drifted"]) == (
        2_000,
        500,
        True,
        True,
    )
    columns = {one["name"]: one for one in compat["columns"]}
    first = columns["income"]["values"][0]
    moved = [np.array([row["income"] for row in one]) for one in (rows, came)]
    assert (first["method"], first["default"], first["drifted"]) == ("wasserstein", True, True)
    assert first["value"] == pytest.approx(stats.wasserstein_distance(*moved) / moved[0].std())
    assert {one["source"] for one in columns.values()} == {"input", "prediction", "score"}
    compat = ask(api, compat="nannyml")["compat"]
    assert (compat["tool_version"], compat["dataset_drifted"]) == ("0.13.1", None)
    assert [one["values"][0]["method"] for one in compat["columns"]] == ["jensen_shannon"] * 4


@pytest.mark.parametrize("tool", ["evidently", "nannyml"])
def test_what_another_tool_cannot_be_asked_is_named(api: Client, credit_risk: Model, now: datetime, arrive, tool: str):
    assert ask(api, compat=tool)["compat"]["state"] == "no_reference"
    version = credit_risk.versions.select_related("model").get()
    sample = sample_of(applicants(200))
    set_reference(version, freeze(version, sample), origin="rows", now=now)
    assert ask(api, compat=tool)["compat"]["state"] == "no_rows"
    set_reference(version, freeze(version, sample), origin="rows", now=now, sample=sample)
    assert ask(api, compat=tool)["compat"]["state"] == "no_data"
    arrive([{"income": None, "region": None}] * 120)
    compat = ask(api, compat=tool)["compat"]
    assert (compat["state"], [one["values"] for one in compat["columns"]]) == ("ok", [[], []])


def test_the_numbers_of_a_regression_drift_like_a_feature(api: Client, credit_risk: Model, now: datetime, arrive):
    Model.objects.filter(pk=credit_risk.pk).update(kind=Model.Kind.REGRESSION)
    version = credit_risk.versions.select_related("model").get()
    rows = [{**row, "prediction": 300 + n / 100} for n, row in enumerate(applicants(3_000))]
    set_reference(version, freeze(version, sample_of(rows)), origin="rows", now=now)
    arrive(applicants(150, seed=2), prediction=325.5)
    arrive(applicants(150, seed=4), ago=2 * HOUR, prediction=328.5)
    found = {one["name"]: one for one in ask(api)["features"]}
    assert (found["prediction"]["kind"], found["prediction"]["state"], found["prediction"]["n"]) == (
        "number",
        "drifted",
        300,
    )
    assert found["income"]["state"] == "ok"


def test_a_feature_and_an_answer_of_one_name_are_told_apart(api: Client, credit_risk: Model, now: datetime, arrive):
    version = credit_risk.versions.select_related("model").get()
    rows = [{"features": {"score": 600 + n % 200}, "scores": {"a": 0.6, "b": 0.1 + n / 10_000}} for n in range(3_000)]
    set_reference(version, freeze(version, sample_of(rows)), origin="rows", now=now)
    arrive([{"score": 600 + n % 200} for n in range(200)], scores={"a": 0.95, "b": 0.05})
    found = {(one["name"], one["source"]): one for one in ask(api)["features"]}
    assert set(found) == {("score", "input"), ("score", "score"), ("prediction", "prediction")}
    assert found["score", "input"]["state"] == "ok"
    assert found["score", "score"]["state"] == "broken", "every score is higher than all of the reference's"
    assert found["score", "score"]["out_of_range"] == 200
