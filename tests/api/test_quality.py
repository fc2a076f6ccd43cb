"""The quality of a model by API: binary, of several classes, regression; and every kind of input that says little."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from sklearn import metrics

from models_registry.keys import create_key
from models_registry.models import Model, ModelVersion
from monitoring.drain import drain_until_empty
from tests.monitoring.conftest import micros, put_body

PATH = "/api/v1/models/credit-risk/quality"


@pytest.fixture
def api(credit_risk: Model, stopped_clock: datetime) -> Client:
    _, token = create_key(project=credit_risk.project, name="reader", scopes=["read"])
    return Client(headers={"authorization": f"Bearer {token}"})


def become(model: Model, kind: str) -> None:
    model.kind = kind
    model.save()


def happen(model: Model, rows: Sequence[dict[str, Any]], labels: Sequence[Any], now: datetime) -> None:
    """Predictions two hours ago, and the labels that are known by now."""
    then = now - timedelta(hours=2)
    given = [
        {"id": str(place), "model": model.slug, "version": "1", "ts": micros(then), **row}
        for place, row in enumerate(rows)
    ]
    said = [
        {"id": f"o{place}", "prediction_id": str(place), "label": label, "ts": micros(now)}
        for place, label in enumerate(labels)
        if label is not None
    ]
    put_body(model.project, "prediction", given, received=then)
    put_body(model.project, "outcome", said, received=now)
    drain_until_empty(now=now)


def test_a_binary_model(credit_risk: Model, api: Client, now: datetime):
    rng = np.random.default_rng(4)
    labels = rng.random(400) < 0.3
    scores = np.clip(rng.normal(0.3, 0.15, 400) + 0.3 * labels, 0, 1)
    names = ["default" if label else "paid" for label in labels]
    rows = [{"score": score, "prediction": "default" if score >= 0.5 else "paid"} for score in scores.tolist()]
    happen(credit_risk, rows, names, now)
    told = api.get(PATH, {"threshold": "0.4"}).json()
    assert (told["state"], told["n"], told["few"], told["label_coverage"]["value"]) == ("provisional", 400, False, 1.0)
    theirs = metrics.confusion_matrix(labels, scores >= told["at_threshold"]["threshold"]).ravel().tolist()
    kinds = ("true_negatives", "false_positives", "false_negatives", "true_positives")
    assert [told["at_threshold"][kind] for kind in kinds] == theirs
    assert told["at_threshold"]["threshold"] == pytest.approx(0.4, abs=0.001)
    cells = {(cell["true"], cell["predicted"]): cell["count"] for cell in told["confusion"]}
    assert cells["default", "default"] == int((labels & (scores >= 0.5)).sum())
    (recall,) = (one["recall"] for one in told["classes"] if one["name"] == "default")
    assert recall["value"] == pytest.approx(metrics.recall_score(labels, scores >= 0.5), abs=1e-12)
    assert recall["low"] < recall["value"] < recall["high"]
    assert told["settle_s"] == 1_800
    assert sum(one["positive"]["n"] for one in told["calibration"]) == 400
    assert (told["roc"][0]["threshold"], told["roc"][-1]["x"]) == (None, 1.0)
    assert told["precision_recall"][-1]["x"] == 1.0
    assert told["error_histogram"] == []
    settled = api.get(PATH, {"to": (now - timedelta(minutes=45)).isoformat()}).json()
    assert settled["state"] == "ok"
    assert api.get(PATH).json()["at_threshold"]["threshold"] == 0.5


def test_one_class_only_says_what_can_be_said(credit_risk: Model, api: Client, now: datetime):
    happen(credit_risk, [{"score": 0.2, "prediction": "paid"}] * 7, ["paid"] * 7, now)
    told = api.get(PATH).json()
    assert (told["n"], told["few"]) == (7, True)
    (paid,) = told["classes"]
    assert (paid["recall"]["value"], paid["recall"]["low"]) == (1.0, pytest.approx(0.646, abs=0.001))
    assert (told["at_threshold"], told["roc"], told["precision_recall"], told["calibration"]) == (None, [], [], [])


def test_two_hundred_classes(credit_risk: Model, api: Client, now: datetime):
    become(credit_risk, Model.Kind.MULTICLASS)
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 200, 1_200)
    guesses = np.where(rng.random(1_200) < 0.6, labels, rng.integers(0, 200, 1_200))
    happen(credit_risk, [{"prediction": str(guess)} for guess in guesses], [str(label) for label in labels], now)
    told = api.get(PATH).json()
    ours = {one["name"]: one for one in told["classes"]}
    names = sorted(ours, key=int)
    _, _, f1, support = metrics.precision_recall_fscore_support(
        labels, guesses, labels=list(map(int, names)), zero_division=0
    )
    assert len(names) == 200
    assert [ours[name]["f1"]["value"] for name in names] == pytest.approx(f1.tolist(), abs=1e-12)
    assert [ours[name]["support"] for name in names] == support.tolist()
    assert sum(cell["count"] for cell in told["confusion"]) == 1_200


def test_scores_of_too_many_classes_are_a_state(credit_risk: Model, api: Client, now: datetime):
    become(credit_risk, Model.Kind.MULTICLASS)
    scores = {str(place): 0.005 for place in range(200)}
    happen(credit_risk, [{"scores": scores}] * 3, ["1", "2", "3"], now)
    told = api.get(PATH).json()
    assert (told["scores"], told["n"]) == ("too_many_classes", 3)
    asked = {"measure": "roc_auc", "model": "credit-risk", "step": "1d", "from": (now - timedelta(days=1)).isoformat()}
    (point,) = api.get("/api/v1/series", asked).json()["points"]
    assert point["value"] is None


def test_a_regression_with_labels_that_are_no_numbers(credit_risk: Model, api: Client, now: datetime):
    become(credit_risk, Model.Kind.REGRESSION)
    happen(credit_risk, [{"prediction": 10.0}] * 6, [9, "12", "many", "inf", "1e500", None], now)
    told = api.get(PATH).json()
    assert (told["n"], told["few"], told["unusable_labels"]["value"]) == (2, True, 0.6)
    assert told["label_coverage"]["value"] == pytest.approx(2 / 6)
    assert sum(bar["count"] for bar in told["error_histogram"]) == 2
    assert (told["confusion"], told["classes"], told["at_threshold"]) == ([], [], None)


@pytest.mark.parametrize("kind", Model.Kind.values)
def test_nothing_is_no_data(credit_risk: Model, api: Client, kind: str, now: datetime):
    become(credit_risk, kind)
    told = api.get(PATH, {"to": (now - timedelta(days=1)).isoformat()}).json()
    assert (told["state"], told["n"], told["label_coverage"]["value"]) == ("no_data", 0, None)


@pytest.mark.parametrize("asked", ["2", "-0.1", "nan", "inf", "half"])
def test_a_threshold_is_a_probability(api: Client, asked: str):
    answer = api.get(PATH, {"threshold": asked})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/threshold"


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/api/v1/models/unknown/quality", {}, 404),
        (PATH, {"version": "9"}, 404),
        (PATH, {"from": "yesterday"}, 400),
        (PATH, {"from": "2026-03-10T12:00:00Z", "to": "2026-03-10T11:00:00Z"}, 400),
    ],
)
def test_what_is_wrong_is_told(api: Client, path: str, asked: dict[str, str], status: int):
    assert api.get(path, asked).status_code == status


def test_a_version_and_an_environment_are_told_apart(credit_risk: Model, api: Client, now: datetime):
    ModelVersion.objects.create(model=credit_risk, version="2")
    happen(credit_risk, [{"prediction": "paid"}] * 3, ["paid"] * 3, now)
    assert api.get(PATH, {"version": "1"}).json()["n"] == 3
    assert api.get(PATH, {"version": "2"}).json()["n"] == 0
    assert api.get(PATH, {"environment": "staging"}).json()["n"] == 0
