"""What becomes of labels: in time or late, corrected or repeated, of a prediction that has not arrived. All of it counted."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from models_registry.models import Model, Project
from monitoring.drain import drain
from monitoring.drain.rows import OutcomeRow
from monitoring.drain.truth import with_truth
from monitoring.measures.series import measure_window
from monitoring.models import LedgerCount, Prediction
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.summaries import Scope
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put, micros
from tests.monitoring.test_errors import row

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def predicted(event_id: str) -> dict[str, Any]:
    return {"id": event_id, "model": "credit-risk", "version": "1", "prediction": "paid"}


def said(event_id: str, prediction_id: str, label: Any, **more: Any) -> dict[str, Any]:
    return {"id": event_id, "prediction_id": prediction_id, "label": label, **more}


def orphans(project: Project) -> dict[str, int]:
    return {kind: n for kind, n in read_ledger(project_id=project.pk)["orphans"].items() if n}


@pytest.mark.django_db
def test_labels_are_late_and_corrected(credit_risk: Model, put: Put, now: datetime):
    put("prediction", *map(predicted, "abcd"))
    put(
        "outcome", said("1", "a", "paid", ts=micros(now + MINUTE)), said("2", "b", "default", ts=micros(now + 2 * HOUR))
    )
    put(
        "outcome",
        said("3", "c", "paid", ts=micros(now + MINUTE)),
        said("4", "c", "default", ts=micros(now + 9 * MINUTE)),
    )
    put("outcome", said("5", "a", "paid", ts=micros(now + 2 * MINUTE)))
    drain(now=now)
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    names = ("label_lag_p50", "late_label_rate", "corrected_label_rate", "label_coverage")
    found = {name: measure_window(name, scope, start=now - HOUR, end=now + HOUR) for name in names}
    assert found["label_lag_p50"].value == pytest.approx(9 * 60, rel=0.01)
    assert [round(found[name].value * found[name].n) for name in names[1:]] == [1, 1, 3]
    assert [found[name].n for name in names[1:]] == [3, 3, 4]
    assert recount(start=now - HOUR, end=now + HOUR) == []


@pytest.mark.django_db
@pytest.mark.parametrize("together", [True, False])
def test_an_orphan_is_counted_until_its_prediction_comes(credit_risk: Model, put: Put, now: datetime, together: bool):
    project = credit_risk.project
    put("outcome", said("1", "a", "paid"), said("2", "b", "paid"))
    put("feedback", {"id": "f", "target_id": "a", "kind": "thumb", "value": True})
    drain(now=now)
    assert orphans(project) == {"outcome": 2, "feedback": 1}
    put("outcome", said("3", "a", "default"))
    if not together:
        drain(now=now)
        assert orphans(project) == {"outcome": 3, "feedback": 1}
    put("prediction", predicted("a"))
    drain(now=now)
    assert orphans(project) == {"outcome": 1}
    put("prediction", predicted("a"), predicted("b"))
    drain(now=now)
    assert orphans(project) == {}
    assert not LedgerCount.objects.filter(orphaned__lt=0).exists()
    assert Prediction.objects.exclude(label=None).count() == 2


@pytest.mark.django_db
def test_the_page_tells_of_orphans(credit_risk: Model, put: Put, now: datetime, as_ana: Client):
    put("outcome", said("1", "a", "paid"))
    drain(now=now)
    assert "orphan" in as_ana.get(f"/p/{credit_risk.project.slug}/collection/").content.decode()


OUTCOMES = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["paid", "default", None]), st.none() | st.just(1.0)), max_size=6
)


@given(OUTCOMES, st.randoms(use_true_random=False))
def test_the_changes_of_a_label_do_not_depend_on_the_order_of_arrival(told: list[Any], rng) -> None:
    outcomes = [
        OutcomeRow(place, 1, str(place), at, 0, "{}", b"", label, value)
        for place, (at, label, value) in enumerate(told)
    ]
    found = with_truth(row(0.5), outcomes, [])
    assert with_truth(row(0.5), rng.sample(outcomes, len(outcomes)), []) == found
    labels = [
        label for _, _, label in sorted((at, str(place), label) for place, (at, label, _) in enumerate(told) if label)
    ]
    assert found.label_changes == sum(before != after for before, after in itertools.pairwise(labels))
