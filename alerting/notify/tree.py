"""A project's routes as the pure tree that is walked, with everything a branch inherits written out."""

from collections import defaultdict
from datetime import timedelta
from typing import Final

from alerting.labels.matchers import from_json
from alerting.models import Route
from alerting.routes.tree import Node, Step, Timing

ROOT: Final = Timing(timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=4))
Children = dict[int | None, list[Route]]


def tree_of(project_id: int) -> Node | None:
    """The root; None for a project without routes, whose channels are all told at once. Four queries, however large."""
    children: Children = defaultdict(list)
    rows = Route.objects.filter(project=project_id).prefetch_related("channels", "steps__channels")
    for route in rows.order_by("position", "id"):
        children[route.parent_id].append(route)
    [*roots] = children[None]
    return _node(roots[0], (), ROOT, children) if roots else None


def _node(route: Route, inherited: tuple[int, ...], above: Timing, children: Children) -> Node:
    channels = tuple(channel.pk for channel in route.channels.all()) or inherited
    timing = _timing(route, above)
    return Node(
        key=route.pk,
        name=route.name,
        matchers=tuple(from_json(route.matchers)) if route.parent_id else (),
        keep_going=route.keep_going,
        channels=channels,
        timing=timing,
        steps=tuple(
            Step(step.after, tuple(channel.pk for channel in step.channels.all())) for step in route.steps.all()
        ),
        children=tuple(_node(child, channels, timing, children) for child in children[route.pk]),
    )


def _timing(route: Route, above: Timing) -> Timing:
    repeat = above.repeat_interval if route.repeat_interval is None else route.repeat_interval
    return Timing(
        above.group_wait if route.group_wait is None else route.group_wait,
        above.group_interval if route.group_interval is None else route.group_interval,
        repeat or None,
    )
