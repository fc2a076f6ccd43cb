"""Write a branch of the tree of routes: its fields, its channels, and the steps of its escalation."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.models import Channel, EscalationStep, Route

Steps = Mapping[timedelta, Sequence[Channel]]


@transaction.atomic
def save_branch(
    route: Route, values: Mapping[str, Any], *, channels: Sequence[Channel] | None = None, steps: Steps | None = None
) -> Route:
    """Set the fields that are given; None leaves channels or steps as they are. `values` were checked by `route_problems`."""
    for name, value in values.items():
        setattr(route, name, value)
    route.save()
    if channels is not None:
        set_channels(route, channels)
    if steps is not None:
        set_steps(route, steps)
    return route


@transaction.atomic
def remove_branch(route: Route) -> None:
    """`Refused` while routes stand under it: they would go with it."""
    below = list(route.children.values_list("name", flat=True))
    if below:
        raise Refused(_("Move or remove what stands under it first: %(routes)s.") % {"routes": ", ".join(below)})
    route.delete()


def set_channels(route: Route, wanted: Sequence[Channel]) -> bool:
    """Whether anything changed."""
    differs = set(route.channels.all()) != set(wanted)
    if differs:
        route.channels.set(wanted)
    return differs


def set_steps(route: Route, wanted: Steps) -> bool:
    """Make the steps those that are wanted; whether anything changed."""
    there = {step.after: set(step.channels.all()) for step in route.steps.prefetch_related("channels")}
    if there == {after: set(channels) for after, channels in wanted.items()}:
        return False
    route.steps.all().delete()
    for after, channels in wanted.items():
        EscalationStep.objects.create(route=route, after=after).channels.set(channels)
    return True
