"""What a route of a file becomes: matchers as people write them, channels, and steps of the escalation."""

from datetime import timedelta
from typing import Any

from alerting.matchers import parse_lines, to_json
from alerting.models import Channel, EscalationStep, Route


def read_matchers(given: object) -> list[dict[str, Any]]:
    """A text or a list of texts, as stored; `MatcherError` for what cannot be asked."""
    return to_json(parse_lines("\n".join(map(str, given)) if isinstance(given, list) else str(given or "")))


def set_channels(route: Route, wanted: list[Channel]) -> bool:
    """Whether anything changed."""
    differs = set(route.channels.all()) != set(wanted)
    if differs:
        route.channels.set(wanted)
    return differs


def set_steps(route: Route, wanted: dict[timedelta, list[Channel]]) -> bool:
    """Make the steps those that are wanted; whether anything changed."""
    there = {step.after: set(step.channels.all()) for step in route.steps.prefetch_related("channels")}
    if there == {after: set(channels) for after, channels in wanted.items()}:
        return False
    route.steps.all().delete()
    for after, channels in wanted.items():
        EscalationStep.objects.create(route=route, after=after).channels.set(channels)
    return True
