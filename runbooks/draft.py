"""The draft of a review: computed from what was recorded, in the reader's language, until somebody edits it."""

from dataclasses import dataclass
from datetime import timedelta

from alerting.models import Incident
from runbooks.models import Review


@dataclass(frozen=True, slots=True)
class IncidentTimes:
    """Impact to opened, opened to acknowledged, impact to resolved; None for what has not happened."""

    detect: timedelta | None
    acknowledge: timedelta | None
    resolve: timedelta | None


def times(incident: Incident) -> IncidentTimes:
    """The three durations of an incident, in story time."""
    raise NotImplementedError


def draft_body(review: Review) -> str:
    """Markdown in the active language, computed from transitions and events."""
    raise NotImplementedError
