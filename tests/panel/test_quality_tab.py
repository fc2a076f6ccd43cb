"""The quality tab: matrix, classes, thresholds, curves, errors and labels, each with its n, and what says little said so."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from lib import charts
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.measures.series import Point
from monitoring.quality.label_lags import learn_lags
from panel.pages.matrix import SHADES, SHOWN, matrix_of
from panel.pages.plot import Chart, Line
from tests.monitoring.conftest import micros, put_body

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def happen(model: Model, rows: list[tuple[dict[str, Any], Any]], now: datetime, *, days: int = 6) -> None:
    """Predictions evenly over the days, each labelled an hour later."""
    given, said = [], []
    for place, (row, label) in enumerate(rows):
        at = now - days * DAY * (1 - place / len(rows)) - 2 * HOUR
        given.append({"id": f"p{place}", "model": model.slug, "version": "1", "ts": micros(at), **row})
        said.append({"id": f"o{place}", "prediction_id": f"p{place}", "label": label, "ts": micros(at + HOUR)})
    put_body(model.project, "prediction", given, received=now)
    put_body(model.project, "outcome", said, received=now)
    drain_until_empty(now=now)


def page(client: Client, model: Model, **asked: str) -> str:
    address = reverse("panel:model", args=[model.project.slug, model.slug]) + "quality/"
    answer = client.get(address, {"range": "7d", **asked})
    assert answer.status_code == 200
    return answer.content.decode()


def scored(n: int) -> list[tuple[dict[str, Any], str]]:
    rng = np.random.default_rng(3)
    labels = rng.random(n) < 0.3
    scores = 1 / (1 + np.exp(-(rng.normal(-1, 1, n) + 2 * labels)))
    return [
        ({"score": score, "prediction": "default" if score >= 0.5 else "paid"}, "default" if label else "paid")
        for score, label in zip(scores.tolist(), labels.tolist(), strict=True)
    ]


def test_a_binary_model_shows_everything(credit_risk: Model, as_ana: Client, stopped_clock: datetime):
    happen(credit_risk, scored(400), stopped_clock)
    learn_lags(now=stopped_clock)
    shown = page(as_ana, credit_risk)
    for part in ("Confusion matrix", "At another threshold", "Calibration", "ROC curve", "Precision against recall"):
        assert part in shown
    assert "as learned from 400 labels" in shown
    assert "up to 1\u00a0h" in shown, "what was learned, not the half an hour that was declared"
    assert "These figures rest on" not in shown
    assert "positive from a score of 0.500 on" in shown
    assert "positive from a score of 0.2" in page(as_ana, credit_risk, threshold="0.2")
    assert "style=" not in shown.partition("<main")[2]


@pytest.mark.parametrize("asked", ["2", "nan", "inf", "-1", "half", ""])
def test_a_threshold_that_is_none_is_the_models_own(
    credit_risk: Model, as_ana: Client, stopped_clock: datetime, asked: str
):
    happen(credit_risk, scored(50), stopped_clock)
    assert "positive from a score of 0.500 on" in page(as_ana, credit_risk, threshold=asked)


def test_nobody_trusts_an_accuracy_of_one_on_seven(credit_risk: Model, as_ana: Client, stopped_clock: datetime):
    happen(credit_risk, [({"score": 0.2, "prediction": "paid"}, "paid")] * 7, stopped_clock)
    shown = page(as_ana, credit_risk)
    assert "These figures rest on 7 labels" in shown
    assert "64.6% – 100.0%" in shown
    assert "few events" in shown
    assert "ROC curve" not in shown


def test_a_regression_shows_its_errors(credit_risk: Model, as_ana: Client, stopped_clock: datetime):
    credit_risk.kind = Model.Kind.REGRESSION
    credit_risk.save()
    rng = np.random.default_rng(1)
    rows = [({"prediction": 100 + error}, 100) for error in rng.normal(1, 5, 60).tolist()]
    happen(credit_risk, [*rows, ({"prediction": 3.0}, "unknown")], stopped_clock)
    shown = page(as_ana, credit_risk)
    assert 'class="chart-columns"' in shown
    assert "Unusable labels" in shown
    assert "Confusion matrix" not in shown


def test_very_many_classes_share_what_is_not_shown() -> None:
    cells = [(str(place), str((place * 7) % 40), 1 + place) for place in range(40)]
    cells += [(str(place), str(place), 10 * (place + 1)) for place in range(1, 40)]
    matrix = matrix_of([*cells, (None, None, 5)])
    assert matrix is not None
    assert len(matrix.names) == len(matrix.rows) == SHOWN + 1
    assert sum(cell.n for row in matrix.rows for cell in row.cells) == sum(count for *_, count in cells) + 5
    assert all(cell.shade <= SHADES for row in matrix.rows for cell in row.cells)
    assert [cell.right for cell in matrix.rows[-1].cells] == [False] * (SHOWN + 1)
    assert matrix_of([]) is None


def test_a_class_that_was_only_decided_has_no_share() -> None:
    matrix = matrix_of([("a", "b", 2)])
    assert matrix is not None
    assert [[cell.share for cell in row.cells] for row in matrix.rows] == [["0%", "100%"], ["—", "—"]]


def test_values_below_zero_stay_on_their_chart(stopped_clock: datetime) -> None:
    points = [Point(stopped_clock, value, 9, None, None, "ok") for value in (-4.0, 2.0)]
    low, high = Chart("bias", "bias", "target", [Line("bias", points)], stopped_clock, stopped_clock + HOUR).bounds
    assert low < -4.0
    assert high > 2.0


def test_drawings_stay_within_their_box() -> None:
    dots = [charts.Dot(0.5, 0.5, "a <b>", 0.25, 0.75)]
    plane = charts.plane([("accent", [(0.0, 0.0), (1.0, 1.0)])], title="t", dots=dots, diagonal=True, marks=[0.5])
    assert "a &lt;b&gt;" in plane
    assert "M0 640.0L1000 0.0" in plane
    columns = charts.columns([(0.0, "none"), (2.0, "all")], title="t", marks=[0.5])
    assert columns.count("<rect") == 2
    assert 'height="220.0"' in columns
