"""Rules on composite objectives: asked, guarded, replayed and told by the same path as any other."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerting.backtest.past import backtest
from alerting.backtest.rehearse import BEGINS, Told, rehearse
from alerting.evaluate.slots import slot_of
from alerting.models import Alert, AlertRule, Evaluation, Incident
from models_registry.models import Model
from monitoring.models import SLO
from tests.alerting.rule_cast import MINUTE, NOON, serve, tick
from tests.monitoring.series import served
from tests.monitoring.test_composites import compose, promise

pytestmark = pytest.mark.django_db
PAIR = [{"long_s": 3_600, "short_s": 300, "factor": 2, "severity": "page"}]


def watched(whole: SLO, **more: object) -> AlertRule:
    fields = {"slug": "burns", "name": "Burns", "kind": "burn_rate", "slo": whole, "pairs": PAIR, **more}
    return AlertRule.objects.create(project=whole.project, **fields)


@pytest.fixture
def whole(credit_risk: Model, support_assistant: Model) -> SLO:
    """The one answers, the other fails from noon on."""
    serve(credit_risk, start=-60, end=20)
    serve(support_assistant, start=-60, end=0)
    serve(support_assistant, start=0, end=20, ok=0, failed=10)
    return compose(promise(credit_risk, "one"), promise(support_assistant, "other"), target=0.95)


def test_it_fires_and_a_replay_of_the_past_does_the_same(whole: SLO) -> None:
    rule = watched(whole)
    tick(-5, 20)
    alert = Alert.objects.get(rule=rule)
    assert alert.state == "firing"
    assert Incident.objects.get().model == whole.model
    replayed = backtest(rule, start=NOON - 5 * MINUTE, end=NOON + 20 * MINUTE, now=NOON + 20 * MINUTE)
    assert [one.start for one in replayed.firings] == [alert.transitions.get(to_state="firing").at]
    assert [row.value for row in Evaluation.objects.order_by("slot")] == pytest.approx(
        replayed.parts[0].answers.value.tolist(), abs=1e-9
    )
    assert replayed.differences == []


def test_a_guard_asks_for_bad_events_and_not_for_their_weight(credit_risk: Model, support_assistant: Model) -> None:
    serve(credit_risk, start=-60, end=0, ok=100)
    serve(support_assistant, start=-1, end=0, ok=0, failed=1)
    rule = watched(compose(promise(credit_risk, "one"), promise(support_assistant, "other"), target=0.95))
    tick(0, 1)
    row = Evaluation.objects.get(rule=rule)
    assert row.value == pytest.approx(10)
    assert row.breached is False
    assert "Held back as low traffic" in row.reason
    serve(support_assistant, start=0, end=1, ok=0, failed=2)
    tick(1, 2)
    assert Evaluation.objects.get(rule=rule, slot=slot_of(rule, now=NOON + MINUTE + timedelta(seconds=59))).breached


def test_rules_on_any_number_cost_the_same(whole: SLO) -> None:
    parts = [one.slo for one in whole.components.select_related("slo__model")]
    watched(whole)
    tick(0, 1)
    with CaptureQueriesContext(connection) as few:
        tick(1, 2)
    for number in range(4):
        watched(compose(*parts, slug=f"more-{number}", target=0.95), slug=f"burns-{number}")
    tick(2, 3)
    with CaptureQueriesContext(connection) as many:
        tick(3, 4)
    assert len(many) == len(few)


SLICED = {"sli": "time_slices", "measure": "error_rate", "comparison": "at_most", "bound": 0.1, "minimum": 1}


@pytest.mark.parametrize("how", ["weighted", "minimum", "product"])
@pytest.mark.parametrize("other", [{}, {**SLICED, "slice": 5 * MINUTE}])
def test_made_up_series_test_it_as_stored_events_would(
    credit_risk: Model, support_assistant: Model, how: str, other: dict[str, object]
) -> None:
    """At every instant the same value, state and reason as a backtest of the same events."""
    parts = promise(credit_risk, "one"), promise(support_assistant, "other", target=0.9, **other)
    rule = watched(compose(*parts, how=how, target=0.95), pairs=[{**PAIR[0], "long_s": 1_800}])
    ok = {"credit-risk": [10] * 40, "support-assistant": [10] * 15 + [4] * 10 + [10] * 15}
    failed = {"credit-risk": [0] * 30 + [1] * 10, "support-assistant": [0] * 15 + [6] * 10 + [0] * 15}
    told = [
        Told("requests", {"model": model.slug, "status": status}, counts[model.slug])
        for model in (credit_risk, support_assistant)
        for status, counts in (("ok", ok), ("error", failed))
    ]
    for model in (credit_risk, support_assistant):
        for minute in range(40):
            at = BEGINS + (minute - 1) * MINUTE
            served(model, at, ok=ok[model.slug][minute], failed=failed[model.slug][minute])
    stored = backtest(rule, start=BEGINS, end=BEGINS + 40 * MINUTE, now=BEGINS + 40 * MINUTE)
    made_up = rehearse(rule, told, interval=MINUTE, slots=stored.slots, known={})
    [seen] = stored.parts
    assert [made_up.answers.of(place) for place in range(stored.slots.count)] == [
        seen.answers.of(place) for place in range(stored.slots.count)
    ]
    assert [made_up.state_at(one.start) for one in seen.stretches] == ["firing"] * len(seen.stretches)
    assert seen.stretches
