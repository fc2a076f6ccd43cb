"""A batch of predictions that goes by columns ends as it would row by row."""

from datetime import datetime, timedelta

import pytest

from models_registry.models import Project
from monitoring.drain import drain
from monitoring.drain.claim import claim
from monitoring.drain.prepare import decode, prepare
from monitoring.drain.rows import PredictionRow
from monitoring.models import Prediction
from monitoring.selectors.ledger import read_ledger
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put

pytestmark = pytest.mark.django_db
ITEMS = [
    {"id": "a", "model": "credit-risk", "version": "1", "prediction": "paid", "score": 0.2, "latency_ms": 7},
    {
        "id": "b",
        "model": "credit-risk",
        "version": "1",
        "score": 0.9,
        "features": {"age": 30},
        "segments": {"uf": "SP"},
    },
    {"id": "c", "model": "credit-risk", "version": "2", "prediction": 1, "request_id": "r'1", "user_id": "ana"},
    {"id": "d", "model": "other", "scores": {"x": 0.3, "y": 0.7}, "environment": "staging", "status": "error"},
]


def test_its_rows_are_the_rows_that_a_repeated_identity_makes(put: Put):
    put("prediction", *ITEMS[:2])
    put("prediction", *ITEMS[2:])
    by_columns = prepare([decode(body) for body in claim()])
    put("prediction", ITEMS[0])
    by_rows = prepare([decode(body) for body in claim()])
    assert by_columns.plain is not None
    assert by_rows.plain is None
    assert by_columns.plain.rows() == by_rows.rows
    assert {type(row) for row in by_columns.plain.rows().values()} == {PredictionRow}


def test_it_is_stored_and_folded_once_though_half_of_it_was_there(project: Project, put: Put, now: datetime):
    put("prediction", *ITEMS[:2])
    drain(now=now)
    put("outcome", {"id": "o", "prediction_id": "d", "label": "x"})  # comes before what it speaks of
    drain(now=now)
    put("prediction", *ITEMS)
    drain(now=now)
    assert dict(Prediction.objects.values_list("event_id", "label")) == {"a": None, "b": None, "c": None, "d": "x"}
    total = read_ledger(project_id=project.id)["total"]
    assert (total["stored"], total["duplicate"], total["pending"]) == (5, 2, 0)
    assert recount(start=now - timedelta(hours=1), end=now + timedelta(hours=1)) == []
