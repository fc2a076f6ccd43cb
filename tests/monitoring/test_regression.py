"""Regression through the drain: values, labels in any form and order, corrections, and the recount that proves them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from models_registry.models import Model, ModelVersion, Project
from monitoring.drain import drain
from monitoring.models import Prediction
from monitoring.selectors.summaries import Scope, read_tally
from monitoring.stats import errors
from monitoring.stats.tally import Subject, Tally
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put

pytestmark = pytest.mark.django_db
SUBJECT = Subject("regression")
HOUR = timedelta(hours=1)


@pytest.fixture
def price(project: Project) -> Model:
    model = Model.objects.create(project=project, slug="price", kind=Model.Kind.REGRESSION, reviewed=True)
    ModelVersion.objects.create(model=model, version="1", reviewed=True)
    return model


def predicted(event_id: str, value: Any) -> dict[str, Any]:
    return {"id": event_id, "model": "price", "version": "1", "prediction": value}


def said(event_id: str, prediction_id: str, **what: Any) -> dict[str, Any]:
    return {"id": event_id, "prediction_id": prediction_id, **what}


def window(model: Model, now: datetime) -> Tally:
    scope = Scope(model.project_id, model.pk)
    return read_tally(scope, ("value", "error", "error_sums"), start=now - HOUR, end=now + HOUR)


def test_values_and_labels_come_as_numbers_and_as_text(price: Model, put: Put, now: datetime):
    put("prediction", predicted("a", 10), predicted("b", "12.5"), predicted("c", 1e3), predicted("d", "cheap"))
    put("outcome", said("1", "a", label=12), said("2", "b", label="12"), said("3", "c", value=999.0))
    drain(now=now)
    assert list(Prediction.objects.order_by("id").values_list("score", flat=True)) == [10, 12.5, 1_000, None]
    reading = errors.mae(window(price, now), SUBJECT)
    assert (reading.value, reading.n) == ((2 + 0.5 + 1) / 3, 3)
    assert errors.label_coverage(window(price, now), SUBJECT).value == 1.0


def test_a_corrected_label_takes_the_old_error_back(price: Model, put: Put, now: datetime):
    put("prediction", predicted("a", 10), predicted("b", 20))
    put("outcome", said("1", "a", label=1e9), said("2", "b", label=21))
    drain(now=now)
    put("outcome", said("3", "a", label=10.5, ts=int((now + HOUR).timestamp() * 1e6)))
    drain(now=now)
    reading = errors.bias(window(price, now), SUBJECT)
    assert (reading.value, reading.n) == (-0.75, 2)
    assert recount(start=now - HOUR, end=now + HOUR) == []


def test_the_probability_of_the_positive_class_is_found_among_the_scores(project: Project, put: Put, now: datetime):
    model = Model.objects.create(project=project, slug="price", kind=Model.Kind.BINARY, positive_label="True")
    ModelVersion.objects.create(model=model, version="1")
    put("prediction", {**predicted("a", None), "scores": {"true": 0.8, "false": 0.2}})
    drain(now=now)
    assert Prediction.objects.values_list("prediction", "score").get() == ("true", 0.8)
