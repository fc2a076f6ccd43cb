"""Links in messages lead to pages that exist."""

from django.urls import resolve

from alerting.notify.message import incident_links
from runbooks.models import Runbook
from tests.alerting.notify_cast import make_incident


def test_a_message_links_to_the_incident_the_model_and_the_runbook(credit_risk, now, settings):
    settings.PUBLIC_URL = "https://panel.example"
    incident = make_incident(credit_risk, now)
    runbook = Runbook.objects.create(project=incident.project, slug="accuracy", title="Accuracy falls")
    runbook.rules.add(incident.alerts.get().rule)
    paths = [link["url"].removeprefix("https://panel.example") for link in incident_links(incident)]
    assert [resolve(path).view_name for path in paths] == ["panel:incident", "panel:model", "panel:runbook"]
    incident.model = None
    assert len(incident_links(incident)) == 2
