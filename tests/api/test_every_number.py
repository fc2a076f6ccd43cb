"""From posted events to served numbers, held against scikit-learn on the same rows: what a stranger would check first."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from sklearn import metrics

from models_registry.keys import create_key
from models_registry.models import Model, Project
from monitoring.drain import drain_until_empty

ROWS = 4_000
BODY = 2_000
Panel = Callable[..., Any]


@pytest.fixture
def panel(project: Project) -> Panel:
    """Sends and reads with one key, as a program would."""
    token = create_key(project=project, name="stranger", scopes=["ingest", "read", "admin"])[1]
    client = Client(headers={"authorization": f"Bearer {token}"})

    def ask(path: str, items: list[Any] | None = None) -> Any:
        if items is None:
            answer = client.get(f"/api/v1/{path}")
            assert answer.status_code == 200, answer.content
            return answer.json()
        for start in range(0, len(items), BODY):
            body = gzip.compress(json.dumps(items[start : start + BODY]).encode())
            answer = client.post(
                f"/api/v1/{path}", body, content_type="application/json", headers={"content-encoding": "gzip"}
            )
            assert answer.json()["rejected"] == 0, answer.content
        return None

    return ask


@pytest.fixture
def value(panel: Panel, stopped_clock: datetime) -> Callable[[str, str], Any]:
    """The one point of a measure over the last day, as `/api/v1/series` serves it."""

    def read(measure: str, model: str) -> Any:
        start = (stopped_clock - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        end = stopped_clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        return panel(f"series?measure={measure}&model={model}&from={start}&to={end}&step=1d")["points"][0]

    return read


def _moments(rng: np.random.Generator, now: datetime, rows: int = ROWS) -> list[int]:
    """Epoch milliseconds within the last day."""
    last = int(now.timestamp() * 1_000)
    return [int(last - ms) for ms in rng.uniform(1_000, 86_000_000, rows)]


def _send(panel: Panel, now: datetime, predictions: list[Any], labels: list[Any]) -> None:
    outcomes = [{"prediction_id": item["id"], "label": label} for item, label in zip(predictions, labels, strict=True)]
    panel("outcomes", outcomes[: len(outcomes) // 2])  # some labels come before their predictions
    panel("predictions", predictions)
    panel("outcomes", outcomes[len(outcomes) // 2 :])
    panel("predictions", predictions[:50])  # and some predictions twice
    drain_until_empty(now=now)


@pytest.mark.parametrize("share", [0.3, 0.02])
def test_a_binary_classifier(panel: Panel, value: Any, project: Project, stopped_clock: datetime, share: float) -> None:
    Model.objects.create(project=project, slug="fraud", kind="binary", positive_label="yes", threshold=0.5)
    rng = np.random.default_rng(7)
    truth = rng.random(ROWS) < share
    score = 1 / (1 + np.exp(-rng.normal(np.where(truth, 1.0, -1.5), 1.0)))
    decided = score >= 0.5
    words = np.array(["no", "yes"])
    predictions = [
        {"id": f"b{i}", "model": "fraud", "version": "1", "ts": ts, "prediction": words[int(decided[i])], "score": s}
        for i, (ts, s) in enumerate(zip(_moments(rng, stopped_clock), score.tolist(), strict=True))
    ]
    _send(panel, stopped_clock, predictions, words[truth.astype(int)].tolist())
    exact = {
        "accuracy": metrics.accuracy_score(truth, decided),
        "precision": metrics.precision_score(truth, decided),
        "recall": metrics.recall_score(truth, decided),
        "f1": metrics.f1_score(truth, decided),
        "specificity": metrics.recall_score(~truth, ~decided),
    }
    for name, expected in exact.items():
        assert value(name, "fraud")["value"] == pytest.approx(expected, abs=1e-12), name
    near = {
        "roc_auc": metrics.roc_auc_score(truth, score),
        "average_precision": metrics.average_precision_score(truth, score),
        "brier_score": metrics.brier_score_loss(truth, score),
        "log_loss": metrics.log_loss(truth, score),
    }
    for name, expected in near.items():
        assert value(name, "fraud")["value"] == pytest.approx(expected, abs=0.002), name
    assert value("requests", "fraud")["value"] == value("accuracy", "fraud")["n"] == ROWS
    assert value("label_coverage", "fraud")["value"] == 1.0


def test_a_classifier_of_several_classes(panel: Panel, value: Any, project: Project, stopped_clock: datetime) -> None:
    Model.objects.create(project=project, slug="triage", kind="multiclass")
    rng = np.random.default_rng(8)
    names = np.array(["low", "middle", "high"])
    truth = rng.choice(3, ROWS, p=[0.6, 0.3, 0.1])
    raw = rng.normal(0, 1, (ROWS, 3)) + 1.5 * np.eye(3)[truth]
    scores = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    decided = scores.argmax(axis=1)
    predictions = [
        {
            "id": f"m{i}",
            "model": "triage",
            "ts": ts,
            "scores": dict(zip(names.tolist(), scores[i].tolist(), strict=True)),
        }
        for i, ts in enumerate(_moments(rng, stopped_clock))
    ]
    _send(panel, stopped_clock, predictions, names[truth].tolist())
    exact = {
        "accuracy": metrics.accuracy_score(truth, decided),
        "precision": metrics.precision_score(truth, decided, average="macro"),
        "recall": metrics.recall_score(truth, decided, average="macro"),
        "f1": metrics.f1_score(truth, decided, average="macro"),
        "f1_weighted": metrics.f1_score(truth, decided, average="weighted"),
        "f1_micro": metrics.f1_score(truth, decided, average="micro"),
    }
    for name, expected in exact.items():
        assert value(name, "triage")["value"] == pytest.approx(expected, abs=1e-12), name
    near = {
        "roc_auc": metrics.roc_auc_score(truth, scores, multi_class="ovr"),
        "log_loss": metrics.log_loss(truth, scores),
    }
    for name, expected in near.items():
        assert value(name, "triage")["value"] == pytest.approx(expected, abs=0.002), name


def test_a_regression(panel: Panel, value: Any, project: Project, stopped_clock: datetime) -> None:
    Model.objects.create(project=project, slug="price", kind="regression")
    rng = np.random.default_rng(9)
    truth = rng.lognormal(11, 0.7, ROWS)
    guess = truth * rng.normal(1.02, 0.1, ROWS)
    predictions = [
        {"id": f"r{i}", "model": "price", "ts": ts, "prediction": float(guess[i])}
        for i, ts in enumerate(_moments(rng, stopped_clock))
    ]
    _send(panel, stopped_clock, predictions, truth.tolist())
    exact = {
        "mae": metrics.mean_absolute_error(truth, guess),
        "rmse": metrics.root_mean_squared_error(truth, guess),
        "mape": metrics.mean_absolute_percentage_error(truth, guess),
        "r2": metrics.r2_score(truth, guess),
        "bias": float(np.mean(guess - truth)),
    }
    for name, expected in exact.items():
        assert value(name, "price")["value"] == pytest.approx(expected, rel=1e-9), name
    errors = guess - truth
    assert value("error_p95", "price")["value"] == pytest.approx(np.quantile(errors, 0.95), rel=0.02)


def test_calls_of_a_language_model(panel: Panel, value: Any, stopped_clock: datetime) -> None:
    rng = np.random.default_rng(10)
    usages = [
        dict(zip(("input", "cached_input", "output"), map(int, row), strict=True))
        for row in rng.integers(1, 5_000, (ROWS, 3))
    ]
    calls = [
        {"id": f"c{i}", "model": "desk", "ts": ts, "provider": "openai", "response_model": "gpt-4o-mini-2024-07-18",
         "usage": usages[i], "finish_reason": "length" if i % 10 == 0 else "stop", "latency_ms": 100.0 + i}
        for i, ts in enumerate(_moments(rng, stopped_clock))
    ]  # fmt: skip
    panel("llm-calls", calls + calls[:20])
    panel(
        "feedback", [{"target_id": f"c{i}", "kind": "thumb", "value": "down" if i < 10 else "up"} for i in range(100)]
    )
    drain_until_empty(now=stopped_clock)
    by_hand = sum(0.15 * one["input"] + 0.075 * one["cached_input"] + 0.60 * one["output"] for one in usages) / 1e6
    assert value("cost_usd", "desk")["value"] == pytest.approx(by_hand, abs=1e-9 * ROWS)
    assert value("truncation_rate", "desk")["value"] == pytest.approx(0.1)
    assert value("feedback_negative_rate", "desk")["value"] == pytest.approx(0.1)
    assert value("bad_answer_rate", "desk")["value"] == pytest.approx(0.1)
    assert value("tokens", "desk")["value"] == sum(sum(one.values()) for one in usages)
    assert value("cached_share", "desk")["value"] == pytest.approx(
        sum(one["cached_input"] for one in usages) / sum(one["input"] + one["cached_input"] for one in usages)
    )


def test_every_measure_of_the_catalogue_is_served_for_every_model(panel: Panel, project: Project, value: Any) -> None:
    """Whatever is asked of a model without data is a named state, never an error."""
    for kind in Model.Kind.values:
        Model.objects.create(project=project, slug=kind, kind=kind)
    catalogue = panel("measures")
    assert len(catalogue) > 100
    for measure in catalogue:
        for kind in measure["kinds"]:
            point = value(measure["name"], kind)
            assert point["state"] in {"ok", "no_data", "provisional"}, (measure["name"], kind)
            assert (point["value"] is None) or point["n"] == 0, (measure["name"], kind, point)
