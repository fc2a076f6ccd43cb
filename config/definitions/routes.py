"""What a file says of a route beside its columns: the one above it, matchers as people write them, whom it tells and when."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError

from alerting.labels.matchers import MatcherError
from alerting.labels.validators import sentence
from alerting.models import Channel, Route
from alerting.routes.branches import set_channels, set_steps
from config.definitions.columns import read_length
from config.definitions.given import Given
from config.definitions.matchers import read_matchers


def place_route(route: Route, given: Given) -> dict[str, Any]:
    """The route above, which stands earlier in the file, and the matchers."""
    values: dict[str, Any] = {}
    root = Route.objects.filter(project=route.project, parent=None).exclude(name=route.name).first()
    if route._state.adding and root is not None and "parent" not in given:
        given.problem(f"the project has a root already: write parent: {root}")
    if "parent" in given:
        values["parent"] = Route.objects.filter(project=route.project, name=str(given["parent"])).first()
        if values["parent"] is None:
            given.problem(f"there is no route {given['parent']!r} before it", "parent")
    if "matchers" in given:
        try:
            values["matchers"] = read_matchers(given["matchers"])
        except MatcherError as error:
            given.problem(sentence(error), "matchers")
    return values


def write_listeners(route: Route, given: Given) -> None:
    """Whom it tells, and whom when nobody acknowledges."""
    if "channels" in given and set_channels(route, _channels(route, given, "channels")):
        given.also("channels")
    if "steps" in given and set_steps(route, _steps(route, given)):
        given.also("steps")


def _steps(route: Route, given: Given) -> dict[timedelta, list[Channel]]:
    if not given["steps"]:
        return {}
    found: dict[timedelta, list[Channel]] = {}
    steps = given.below("steps", "a mapping of durations to lists of channels")
    if steps is None:
        return found
    for after in steps.fields:
        channels = _channels(route, steps, after)
        try:
            found[read_length(after)] = channels
        except ValidationError as error:
            steps.invalid(error, after)
    return found


def _channels(route: Route, given: Given, name: str) -> list[Channel]:
    there = {channel.name: channel for channel in Channel.objects.filter(project=route.project)}
    wanted = [str(one) for one in given.list_of(name)]
    for unknown in (one for one in wanted if one not in there):
        given.problem(f"there is no channel {unknown!r}", name)
    return [there[one] for one in wanted if one in there]
