"""Hit rates of ranked lists against scikit-learn, and lists through the drain and the recount."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from models_registry.models import Model, ModelVersion, Project
from monitoring.catalogue import MEASURES
from monitoring.drain import drain
from monitoring.drain.fold import Folds
from monitoring.drain.rows import PredictionRow
from monitoring.measures.series import measure_window
from monitoring.models import Category
from monitoring.selectors.summaries import Scope
from monitoring.stats import ranks
from monitoring.stats.tally import Subject, Tally
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put
from tests.monitoring.test_errors import tally, tally_of

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SUBJECT = Subject("multiclass")
ITEMS = st.lists(st.integers(0, 12), max_size=13, unique=True)


def listed(items: list[Any], label: str | None) -> PredictionRow:
    payload = msgspec.json.encode({"features": {"a": 1}, "prediction": items}).decode()
    text = msgspec.json.encode(items).decode()[:200]
    return PredictionRow(
        1, 1, "e", 0, 0, payload, 1, "production", 0, "", None, "", "", "", "", "", text, None, label=label
    )


@given(st.lists(st.permutations(range(12)), min_size=1, max_size=8), st.sampled_from([1, 3, 5, 10]))
def test_whole_rankings_equal_scikit_learn(orders: list[list[int]], k: int) -> None:
    labels = [order[place % 12] for place, order in enumerate(orders)]
    scores = np.zeros((len(orders), 12))
    for row, order in enumerate(orders):
        scores[row, order] = np.arange(12, 0, -1)
    window = tally(listed(list(order), str(label)) for order, label in zip(orders, labels, strict=True))
    theirs = metrics.top_k_accuracy_score(labels, scores, k=k, labels=range(12))
    assert ranks.hit_rate(k)(window, SUBJECT).value == pytest.approx(theirs, abs=1e-12)


@given(st.lists(st.tuples(ITEMS, st.none() | st.integers(0, 12)), max_size=10), st.sampled_from([1, 3, 5, 10]))
def test_lists_that_are_too_short_or_not_labelled_are_left_out(rows: list[Any], k: int) -> None:
    window = tally(listed(items, None if label is None else str(label)) for items, label in rows)
    judged = [(items, label) for items, label in rows if label is not None and len(items) >= k]
    reading = ranks.hit_rate(k)(window, SUBJECT)
    assert reading.n == len(judged)
    if judged:
        assert reading.value == sum(label in items[:k] for items, label in judged) / len(judged)
    assert ranks.labelled(window) == (sum(label is not None for _, label in rows), len(rows))


@given(st.lists(st.tuples(ITEMS, st.none() | st.integers(0, 12)), max_size=6), st.integers(0, 6))
def test_a_late_label_amends_and_goes_back(rows: list[Any], cut: int) -> None:
    folds = Folds()
    before = [listed(items, None) for items, _ in rows]
    after = [listed(items, None if label is None else str(label)) for items, label in rows]
    folds.add_all(before)
    folds.amend(before[:cut], after[:cut], {})
    assert _bins(tally_of(folds)) == _bins(tally([*after[:cut], *before[cut:]]))
    folds.amend(after[:cut], before[:cut], {})
    assert _bins(tally_of(folds)) == _bins(tally(before))


def _bins(window: Tally) -> dict[int, int]:
    cell = window.cell("rank")
    return dict(zip(cell.bins.tolist(), cell.counts.tolist(), strict=True))


def test_a_class_that_begins_with_a_bracket_is_a_class() -> None:
    row = PredictionRow(
        1, 1, "e", 0, 0, "{}", 1, "production", 0, "", None, "", "", "", "", "", "[UNK]", None, label="a"
    )
    window = tally([row])
    assert (window.cell("decision").n, window.cell("confusion").n, window.cell("rank").n) == (1, 1, 0)


@pytest.mark.django_db
def test_lists_go_through_the_drain_and_make_no_classes(project: Project, put: Put, now: datetime) -> None:
    model = Model.objects.create(project=project, slug="next", kind=Model.Kind.MULTICLASS, reviewed=True)
    ModelVersion.objects.create(model=model, version="1", reviewed=True)
    item = {"model": "next", "version": "1"}
    put(
        "prediction",
        {**item, "id": "a", "prediction": [7, 8.0, "nine"]},
        {**item, "id": "b", "prediction": ["nine", *["x" * 100] * 3]},
        {**item, "id": "c", "prediction": []},
    )
    drain(now=now)
    put("outcome", {"id": "1", "prediction_id": "a", "label": 8}, {"id": "2", "prediction_id": "b", "label": "nine"})
    drain(now=now)
    scope = Scope(project.pk, model.pk)
    found = {
        name: measure_window(name, scope, start=now - HOUR, end=now + HOUR)
        for name in MEASURES
        if name.startswith("hit_rate") or name in ("label_coverage", "accuracy")
    }
    assert (found["hit_rate_at_1"].value, found["hit_rate_at_3"].value) == (0.5, 1.0)
    assert found["hit_rate_at_5"].value is None
    assert (found["label_coverage"].value, found["accuracy"].value) == (pytest.approx(2 / 3), None)
    assert not Category.objects.exists()
    assert recount(start=now - HOUR, end=now + HOUR) == []
