"""A threshold on a metric that a client tells fires and recovers like one on any measure."""

from datetime import timedelta

import pytest

from alerting.models import AlertRule
from alerting.validate import rule_problems
from models_registry.models import Model
from models_registry.register import known_versions
from monitoring.drain.counts import Counts
from monitoring.drain.fold import Folds
from monitoring.drain.merge import merge
from monitoring.drain.metrics import store_points, told_of
from monitoring.items import MetricItem
from monitoring.stats.points import Point
from tests.alerting.rule_cast import MINUTE, NOON, changes, tick

pytestmark = pytest.mark.django_db
MEASURE = "metric:vllm:num_requests_waiting:max"


def tell(model: Model, *, start: int, end: int, value: float) -> None:
    """A gauge at every minute from NOON + start until NOON + end."""
    version = next(iter(known_versions(project_id=model.project_id, names=[(model.slug, "1")]).values()))
    points = [
        told_of(
            model.project_id,
            version,
            MetricItem(
                ts=int((NOON + minute * MINUTE).timestamp()) * 1_000_000,
                model=model.slug,
                name="vllm:num_requests_waiting",
                writer="00" * 16,
                point=Point(value=value),
            ),
        )
        for minute in range(start, end)
    ]
    folds = Folds()
    folds.add_cells(store_points(points, Counts()))
    merge(folds)


def test_a_threshold_on_a_metric_fires_and_recovers(credit_risk: Model) -> None:
    rule = AlertRule(
        project=credit_risk.project,
        slug="queue",
        name="Queue",
        kind="threshold",
        model=credit_risk,
        measure=MEASURE,
        threshold=8,
        window=timedelta(minutes=5),
    )
    assert rule_problems(rule) == {}
    rule.full_clean()
    rule.save()
    tell(credit_risk, start=-10, end=0, value=3)
    tell(credit_risk, start=0, end=3, value=12)
    tell(credit_risk, start=3, end=20, value=2)
    tick(0, 15)
    assert changes(rule) == [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]


def test_what_is_no_statistic_is_no_measure(credit_risk: Model) -> None:
    rule = AlertRule(
        project=credit_risk.project, kind="threshold", model=credit_risk, measure="metric:a:p42", threshold=1
    )
    assert "measure" in rule_problems(rule)
