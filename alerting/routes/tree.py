"""Which way an alert goes: a tree of routes, walked as Alertmanager walks its own. Pure: no Django, no database.

A node is entered when all its matchers match. Its children are asked in order; the first that is entered ends the
walk of its siblings unless it says *continue*. Where no child is entered, the node itself is the answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from alerting.labels.matchers import Matcher


@dataclass(frozen=True, slots=True)
class Step:
    """Whom to tell when nobody has acknowledged for so long."""

    after: timedelta
    channels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a route waits before the first message, before one of new alerts, and before it repeats itself (None: never)."""

    group_wait: timedelta = timedelta(0)
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A route with what it inherits written out; `key` names its row, `channels` are keys of channels."""

    key: int
    name: str
    matchers: tuple[Matcher, ...] = ()
    keep_going: bool = False
    channels: tuple[int, ...] = ()
    timing: Timing = Timing()
    steps: tuple[Step, ...] = ()
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """What the walk says of one node: entered, or the first matcher that does not match, or that nobody asked it."""

    node: Node
    depth: int
    entered: bool = False
    chosen: bool = False
    failed: Matcher | None = None


def match(node: Node, labels: Mapping[str, str]) -> list[Node]:
    """The nodes that answer for the labels, in the order of the tree; empty if the node itself is not entered."""
    if not all(one.matches(labels) for one in node.matchers):
        return []
    found: list[Node] = []
    for child in node.children:
        entered = match(child, labels)
        found += entered
        if entered and not child.keep_going:
            break
    return found or [node]


def visits(root: Node, labels: Mapping[str, str]) -> list[Visit]:
    """Every node of the tree with what became of it, in the order in which people read a tree."""
    return list(_visits(root, labels, 0, frozenset(node.key for node in match(root, labels))))


def _visits(node: Node, labels: Mapping[str, str], depth: int, chosen: frozenset[int]) -> Iterator[Visit]:
    failed = next((one for one in node.matchers if not one.matches(labels)), None)
    yield Visit(node, depth, entered=failed is None, chosen=node.key in chosen and failed is None, failed=failed)
    closed = failed is not None
    for child in node.children:
        if closed:
            yield from _unasked(child, depth + 1)
            continue
        yield from _visits(child, labels, depth + 1, chosen)
        closed = bool(match(child, labels)) and not child.keep_going


def _unasked(node: Node, depth: int) -> Iterator[Visit]:
    yield Visit(node, depth)
    for child in node.children:
        yield from _unasked(child, depth + 1)
