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
