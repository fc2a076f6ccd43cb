"""An incident that is reopened is told anew: messages belong to one of its episodes."""

from datetime import datetime

from alerting.models import Incident, IncidentEvent

Kind = IncidentEvent.Kind


def episode_of(incident: Incident) -> int:
    """How often it was reopened; the end of an episode still belongs to it."""
    return incident.events.filter(kind=Kind.REOPENED).count()


def in_episode(generation: str, episode: int) -> str:
    """The generation of a message, told apart from that of earlier episodes."""
    return f"{generation}#{episode}" if episode else generation


def ended_since(incident: Incident, moment: datetime) -> bool:
    """Whether the episode of that moment is over."""
    return incident.events.filter(kind__in=[Kind.RESOLVED, Kind.REOPENED], at__gt=moment).exists()
