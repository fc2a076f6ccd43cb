"""Each scenario, played through the API with nobody's help, leads to its alert, its incident, its runbook, its review."""

from datetime import datetime, timedelta

import pytest

from alerting.models import Alert, AlertTransition, Incident
from demo.scenarios import SCENARIOS
from demo.simulate import Simulation, advance, post_baseline, prepare
from lib.clock import real_now
from models_registry.clock import set_clock
from models_registry.models import Model
from monitoring.measures.series import measure_window
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.summaries import Scope
from runbooks.models import Review
from runbooks.selectors import runbooks_for
from tests.demo.conftest import ClientSender

SEED = 7
STEP = timedelta(minutes=10)
BASELINE = timedelta(hours=8)


@pytest.fixture
def played(request, db, now) -> Simulation:
    """The scenario named by the parameter, played to its end on a stepped clock."""
    simulation = prepare(SCENARIOS[request.param], seed=SEED, closes=now, baseline=BASELINE)
    sender = ClientSender(simulation.project)
    _stand_at(simulation.opens)
    post_baseline(simulation, sender)
    at = simulation.opens
    while at < simulation.closes:
        end = min(at + STEP, simulation.closes)
        _stand_at(end)
        advance(simulation, sender, start=at, end=end)
        at = end
    return simulation


def _stand_at(story: datetime) -> None:
    set_clock(story=story, rate=0, real=real_now())


@pytest.mark.parametrize("played", sorted(SCENARIOS), indirect=True)
def test_a_scenario_is_detected_answered_and_reviewed_as_its_truth_says(played):
    truth = played.scenario.truth
    fired = AlertTransition.objects.filter(alert__rule__project=played.project, to_state=Alert.State.FIRING)
    assert fired.exists()
    assert min(fired.values_list("at", flat=True)) > played.onset, "nothing fires before there is a reason"

    expected = fired.filter(alert__rule__slug=truth.rule).order_by("at").first()
    assert expected is not None, f"{truth.rule} never fired"
    assert expected.at - played.onset <= truth.detected_within

    incident = Incident.objects.get(project=played.project)
    assert incident.model.slug == played.scenario.model
    assert truth.runbook in [runbook.slug for runbook in runbooks_for(incident)]
    assert incident.state == Incident.State.RESOLVED
    ended = played.onset + truth.end
    assert ended < incident.resolved_at <= ended + truth.recovered_within
    assert Review.objects.get(incident=incident).state == Review.State.DRAFT

    if incident.model.kind == Model.Kind.LLM:
        _is_priced(incident.model, played)
    total = read_ledger(project_id=played.project.pk)["total"]
    assert total["rejected"] == total["duplicate"] == total["dead_lettered"] == total["pending"] == 0
    assert total["stored"] == total["received"] > 0


def _is_priced(model: Model, played: Simulation) -> None:
    """The price book knows every language model of the story, and agrees with what the client was charged."""
    scope = Scope(model.project_id, model.pk)
    ours, reported, unpriced = (
        measure_window(name, scope, start=played.begins, end=played.closes).value
        for name in ("cost_usd", "cost_reported_usd", "unpriced_rate")
    )
    assert unpriced == 0
    assert ours == pytest.approx(reported, rel=1e-6)
