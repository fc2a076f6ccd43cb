"""What a message about an incident says of the panel's own pages (`settings.INCIDENT_LINKS`, `settings.ACKNOWLEDGE_LINK`)."""

from django.urls import reverse
from django.utils.translation import gettext

from alerting.models import Incident


def for_incident(incident: Incident) -> list[tuple[str, str]]:
    """The incident's page first: that is where work happens. Then the model's."""
    links = [(gettext("Incident"), reverse("panel:incident", args=[incident.number]))]
    if incident.model:
        links.append((gettext("Model"), reverse("panel:model", args=[incident.project.slug, incident.model.slug])))
    return links


def for_acknowledgement(token: str) -> str:
    """The path that acknowledges without logging in."""
    return reverse("panel:acknowledge", args=[token])
