"""How long labels take is learned from the summaries, and every window waits for it: points, objectives, rules, pages."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from alerting.evaluate.judge import question
from alerting.models import AlertRule
from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.measures.series import measure_series, subjects_of
from monitoring.models import SLO, Bucket, LabelLag
from monitoring.quality.label_lags import EVERY, learn_lags
from monitoring.selectors.summaries import Scope
from monitoring.slo.status import slo_status
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import micros, put_body

pytestmark = pytest.mark.django_db
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def live(
    model: Model, now: datetime, *, days: int = 20, each: int = 60, mean: timedelta = DAY, never: float = 0.0
) -> None:
    """Predictions through the days, labels after an exponential time as far as they are known by now."""
    rng = np.random.default_rng(7)
    predictions, labels = [], []
    for place, (age, lag) in enumerate(zip(rng.random(days * each), rng.exponential(1, days * each), strict=True)):
        at = now - age * days * DAY
        predictions.append(
            {"id": f"p{place}", "model": model.slug, "version": "1", "prediction": "paid", "ts": micros(at)}
        )
        if (known := at + lag * mean) <= now and rng.random() >= never:
            labels.append({"id": f"o{place}", "prediction_id": f"p{place}", "label": "paid", "ts": micros(known)})
    put_body(model.project, "prediction", predictions, received=now)
    put_body(model.project, "outcome", labels, received=now)
    drain_until_empty(now=now)


def test_what_was_declared_counts_until_history_is_long_enough(credit_risk: Model, now: datetime):
    live(credit_risk, now, days=4)
    assert learn_lags(now=now).written == 1
    assert LabelLag.objects.get().settle_s is None
    assert subjects_of([credit_risk])[credit_risk.pk].settle == timedelta(minutes=30)


def test_points_objectives_and_rules_wait_for_what_was_learned(credit_risk: Model, now: datetime):
    live(credit_risk, now)
    learn_lags(now=now)
    subject = subjects_of([credit_risk])[credit_risk.pk]
    assert subject.settle / DAY == pytest.approx(-np.log(0.05), rel=0.15)
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    points = measure_series("accuracy", scope, start=now - 8 * DAY, end=now, step=DAY, now=now)
    settled = [point.state != "provisional" for point in points]
    assert settled == [point.start + DAY <= now - subject.settle for point in points]
    assert any(settled)
    assert not all(settled)
    slo = SLO.objects.create(
        project=credit_risk.project, model=credit_risk, slug="right", sli="accuracy", target=0.9, window=7 * DAY
    )
    assert slo_status(slo, now=now).window_end == pytest.approx(now - subject.settle, abs=MINUTE)
    rule = AlertRule(
        project=credit_risk.project, model=credit_risk, kind="threshold", measure="accuracy", threshold=0.9, window=DAY
    )
    ask = question(rule, subject, at=now, watermark=now).ask
    assert ask.edges[-1] == pytest.approx(now - subject.settle, abs=MINUTE)


def test_final_coverage_is_that_of_predictions_whose_labels_are_in(credit_risk: Model, now: datetime):
    live(credit_risk, now, mean=HOUR, never=0.3)
    learn_lags(now=now)
    found = LabelLag.objects.get()
    assert found.coverage == pytest.approx(0.7, abs=0.04)
    assert found.shares == sorted(found.shares)


def test_a_curve_is_learned_again_every_hour(credit_risk: Model, now: datetime):
    live(credit_risk, now)
    assert learn_lags(now=now).written == 1
    assert learn_lags(now=now + EVERY / 2).written == 0
    assert learn_lags(now=now + EVERY).written == 1


def test_models_without_labels_and_language_models_are_left_alone(
    credit_risk: Model, support_assistant: Model, now: datetime
):
    assert learn_lags(now=now).seen == 0


def test_a_corrected_label_takes_its_lag_along(credit_risk: Model, now: datetime):
    item = {"id": "p", "model": credit_risk.slug, "version": "1", "prediction": "paid", "ts": micros(now - DAY)}
    put_body(credit_risk.project, "prediction", [item], received=now)
    for place, lag in enumerate((HOUR, 2 * HOUR)):
        said = {"id": str(place), "prediction_id": "p", "label": "default", "ts": micros(now - DAY + lag)}
        put_body(credit_risk.project, "outcome", [said], received=now)
        drain_until_empty(now=now)
        (bucket,) = Bucket.objects.filter(series__metric="label_lag", tier=0)
        assert (bucket.n, bucket.total) == (1, lag // timedelta(microseconds=1))
    assert recount(start=now - 2 * DAY, end=now) == []
