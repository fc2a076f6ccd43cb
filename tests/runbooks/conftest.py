"""An incident with a past: impact, firing, acknowledgement, resolution, a runbook bound to its rule."""

from datetime import datetime, timedelta

import pytest

from alerting.incidents.course import acknowledge_incident, announce_incident, resolve_incident
from alerting.models import Alert, AlertTransition, Incident
from models_registry.models import Model, User
from runbooks.models import Runbook, Step
from tests.alerting.notify_cast import make_channel, make_incident


@pytest.fixture
def incident(credit_risk: Model, now: datetime) -> Incident:
    """Opened at `now`, twenty minutes after the impact began; the console was told."""
    made = make_incident(credit_risk, now)
    alert = made.alerts.get()
    AlertTransition.objects.create(
        alert=alert, incident=made, from_state=Alert.State.PENDING, to_state=Alert.State.FIRING, at=now, value=0.71
    )
    make_channel(made.project, name="Console")
    announce_incident(made, now=now)
    return made


@pytest.fixture
def runbook(incident: Incident) -> Runbook:
    """Two steps, bound to the rule that fired."""
    made = Runbook.objects.create(project=incident.project, slug="accuracy", title="Accuracy falls")
    Step.objects.create(runbook=made, position=2, title="Roll back")
    Step.objects.create(runbook=made, position=1, title="Compare the inputs", body="With **last week**.")
    made.rules.add(incident.alerts.get().rule)
    return made


@pytest.fixture
def resolved(incident: Incident, bia: User, now: datetime) -> Incident:
    """Acknowledged after three minutes, over after forty."""
    acknowledge_incident(incident, by=bia, now=now + timedelta(minutes=3))
    return resolve_incident(incident, by=bia, now=now + timedelta(minutes=40))
