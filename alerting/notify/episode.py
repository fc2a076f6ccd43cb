"""An incident that is opened again is told anew: messages belong to one of its episodes, and each ends when it is resolved."""

from datetime import datetime

from alerting.models import Incident, IncidentEvent


def episode_of(incident: Incident) -> int:
    """How often it was resolved before; the end of an episode still belongs to it."""
    ends = incident.events.filter(kind=IncidentEvent.Kind.RESOLVED)
    if incident.resolved_at is not None and incident.state == Incident.State.RESOLVED:
        ends = ends.filter(at__lt=incident.resolved_at)
    return ends.count()


def in_episode(generation: str, episode: int) -> str:
    """The generation of a message, told apart from that of earlier episodes."""
    return f"{generation}#{episode}" if episode else generation


def ended_since(incident: Incident, moment: datetime) -> bool:
    """Whether the episode of that moment is over."""
    return incident.events.filter(kind=IncidentEvent.Kind.RESOLVED, at__gt=moment).exists()
