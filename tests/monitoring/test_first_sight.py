"""A model that nobody defined is taken for what its first predictions show."""

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from models_registry.models import Model
from monitoring.drain import drain
from tests.monitoring.conftest import Put

pytestmark = pytest.mark.django_db
SCORES = np.random.default_rng(4).random(60)
SCORED = [(float(score), bool(score >= 0.4)) for score in SCORES]
THREE = [{"a": 0.2, "b": 0.7, "c": 0.1}]


@pytest.mark.parametrize(
    ("predictions", "kind", "positive"),
    [
        pytest.param([{"prediction": yes, "score": s} for s, yes in SCORED], "binary", "true", id="bool"),
        pytest.param([{"prediction": False}], "binary", "true", id="one-bool"),
        pytest.param([{"prediction": int(yes), "score": s} for s, yes in SCORED], "binary", "1", id="0-1"),
        pytest.param([{"prediction": float(yes)} for _, yes in SCORED], "binary", "1", id="0.0-1.0"),
        pytest.param([{"prediction": 1 if yes else -1} for _, yes in SCORED], "binary", "1", id="signs"),
        pytest.param([{"score": s} for s, _ in SCORED], "binary", "1", id="scores-alone"),
        pytest.param(
            [{"prediction": "no" if yes else "zero", "score": s} for s, yes in SCORED], "binary", "no", id="text"
        ),
        pytest.param([{"prediction": "leaves", "score": 0.9}], "binary", "leaves", id="one-sure"),
        pytest.param([{"prediction": "stays", "score": 0.1}], "binary", "1", id="one-unsure"),
        pytest.param([{"prediction": "no"}, {"prediction": "yes"}], "binary", "yes", id="no-scores"),
        pytest.param([{"scores": {"ham": 0.9, "spam": 0.1}}], "binary", "spam", id="two-scores"),
        pytest.param([{"status": "error"}], "binary", "1", id="nothing"),
        pytest.param([{"scores": scores} for scores in THREE], "multiclass", "1", id="three-scores"),
        pytest.param([{"prediction": name} for name in "abc"], "multiclass", "1", id="three-decisions"),
        pytest.param([{"prediction": number % 4} for number in range(9)], "multiclass", "1", id="whole-classes"),
        pytest.param([{"prediction": ["a", "b"]}], "multiclass", "1", id="ranked"),
        pytest.param([{"prediction": 3.25}], "regression", "1", id="fraction"),
        pytest.param([{"prediction": 250_000}], "regression", "1", id="large"),
        pytest.param([{"prediction": number} for number in range(40)], "regression", "1", id="many-whole"),
    ],
)
def test_what_it_predicts_is_guessed(
    predictions: list[dict[str, Any]], kind: str, positive: str, put: Put, now: datetime
) -> None:
    put("prediction", *({"id": str(place), "model": "new", **one} for place, one in enumerate(predictions)))
    drain(now=now)
    model = Model.objects.get(slug="new")
    assert (model.kind, model.positive_label, model.reviewed) == (kind, positive, False)


def test_a_known_model_stays_what_it_is(put: Put, now: datetime) -> None:
    put("prediction", {"id": "a", "model": "new", "version": "1", "prediction": "yes", "score": 0.9})
    drain(now=now)
    put("prediction", {"id": "b", "model": "new", "version": "2", "prediction": 3.25})
    drain(now=now)
    model = Model.objects.get(slug="new")
    assert (model.kind, model.positive_label, model.versions.count()) == ("binary", "yes", 2)


@pytest.mark.parametrize(("reviewed", "kind"), [(False, "llm"), (True, "binary")])
def test_a_deploy_before_the_first_call_does_not_make_it_a_classifier(
    reviewed: bool, kind: str, put: Put, now: datetime
) -> None:
    put("event", {"id": "e", "model": "asked", "version": "1", "kind": "deploy", "name": "first"})
    drain(now=now)
    Model.objects.update(reviewed=reviewed)
    put("llm_call", {"id": "c", "model": "asked", "version": "1"})
    drain(now=now)
    assert Model.objects.get().kind == kind


def test_predictions_that_came_first_keep_a_model_what_they_made_it(put: Put, now: datetime) -> None:
    put("prediction", {"id": "p", "model": "both", "prediction": 0.5})
    drain(now=now)
    put("llm_call", {"id": "c", "model": "both"})
    drain(now=now)
    assert Model.objects.get().kind == "regression"


def test_events_and_calls_before_or_beside_predictions(put: Put, now: datetime) -> None:
    put("event", {"id": "e", "model": "told", "kind": "deploy", "name": "first"})
    put("llm_call", {"id": "c", "model": "asked"})
    put("prediction", {"id": "p", "model": "told", "prediction": 0.5})
    drain(now=now)
    assert dict(Model.objects.values_list("slug", "kind")) == {"told": "regression", "asked": "llm"}
