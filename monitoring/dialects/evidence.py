"""What the attributes of one span or record say, sorted by field through the alias table.

Every attribute is looked at once: under its name, under the name of its numbered family, and inside where the table looks
inside. What has no row is left over from the start; what has one and was not used is left over in the end.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from monitoring.dialects.aliases import ALIASES
from monitoring.dialects.fragments import ROLES
from monitoring.dialects.seen import Happening, Seen
from monitoring.dialects.values import dig, loaded, without

Path = tuple[str, ...]
_NUMBERED = re.compile(r"\.\d+(?:\.|$)")


class Place(NamedTuple):
    """Where the table looks for a field: `rank` is the row's place in it."""

    rank: int
    field: str
    dialect: str
    name: str
    path: Path

    @property
    def bare(self) -> bool:
        """Whether the name says something in its own dialect only."""
        return "." not in self.name and not self.path


class Claim(NamedTuple):
    """A value that is said to be a field's."""

    place: Place
    value: Any


def _places() -> tuple[dict[str, list[Place]], dict[str, list[Place]], dict[str, list[Place]], list[Place]]:
    """(by attribute, by numbered family, by event, of the body), each in the table's order."""
    names: dict[str, list[Place]] = defaultdict(list)
    families: dict[str, list[Place]] = defaultdict(list)
    events: dict[str, list[Place]] = defaultdict(list)
    body: list[Place] = []
    for rank, (field, dialect, source) in enumerate(ALIASES):
        name, _, path = source.partition(" > ")
        place = Place(
            rank, field, dialect, name, tuple(path.split(".")) if path and ":" not in name else (path,) if path else ()
        )
        if name.startswith("event:"):
            events[name.removeprefix("event:")].append(place)
        elif name == "body":
            body.append(place)
        elif name.endswith(".*"):
            families[name.removesuffix(".*")].append(place)
        else:
            names[name].append(place)
    return names, families, events, body


CONTENT = "gen_ai.event.content"
# Rows whose attributes say nothing of a call that its fields do not: what kind of step it is, how a text is encoded.
SAID_OTHERWISE = frozenset({"kind", "encoding"})
NAMES, FAMILIES, EVENTS, BODY = _places()


NOBODY: tuple[Claim, ...] = ()


class Evidence:
    """The claims of one span or record by field, and what is left over of its attributes."""

    def __init__(self, seen: Seen, dialect: str) -> None:
        self.leftover: dict[str, Any] = {}
        self._dialect = dialect
        self._claims: dict[str, list[Claim]] = defaultdict(list)
        self._known: dict[str, Any] = {}
        self._members: dict[str, tuple[str, Any]] = {}
        self._used: dict[str, list[Path]] = defaultdict(list)
        families: dict[str, dict[str, Any]] = defaultdict(dict)
        for name, value in seen.attributes.items():
            if name in NAMES:
                self._attribute(name, value)
            elif (found := _NUMBERED.search(name)) and name[: found.start()] in FAMILIES:
                families[name[: found.start()]][name[found.start() + 1 :]] = value
            else:
                self.leftover[name] = value
        for family, members in families.items():
            self._family(family, members)
        for event in seen.events:
            if event.name not in ROLES:
                self._event(event)
        self._messages([event for event in seen.events if event.name in ROLES])
        for place in BODY if seen.body is not None else ():
            self._claim(place, dig(seen.body, place.path))

    def claims(self, field: str) -> Sequence[Claim]:
        """Who claims to be this field, the most trustworthy first."""
        found = self._claims.get(field, NOBODY)
        return sorted(found, key=lambda claim: claim.place.rank) if len(found) > 1 else found

    def told(self, fields: Iterable[str]) -> list[str]:
        """Those of the fields that anybody claims to be."""
        return [field for field in fields if field in self._claims]

    def use(self, claim: Claim, *inside: str) -> None:
        """A claim was believed, or says nothing else than the one that was; of an object perhaps only what is `inside`."""
        self._used[claim.place.name].append((*claim.place.path, *inside))

    def left(self) -> dict[str, Any]:
        """What nothing was made of."""
        left = dict(self.leftover)
        left |= {name: value for name, (family, value) in self._members.items() if family not in self._used}
        for name, value in self._known.items():
            rest = _less(value, self._used.get(name, []))
            if rest is not None and NAMES[name][0].field not in SAID_OTHERWISE:
                left[name] = rest
        return left

    def _attribute(self, name: str, value: Any) -> None:
        places = [place for place in NAMES[name] if not place.bare or place.dialect == self._dialect]
        if not places:
            self.leftover[name] = value
            return
        self._known[name] = value
        inner = loaded(value) if any(place.path for place in places) else value
        for place in places:
            self._claim(place, dig(inner, place.path) if place.path else inner)

    def _family(self, family: str, members: Mapping[str, Any]) -> None:
        value = nested(members)
        self._members |= {f"{family}.{rest}": (f"{family}.*", told) for rest, told in members.items()}
        for place in FAMILIES[family]:
            self._claim(place, value)

    def _event(self, event: Happening) -> None:
        for place in EVENTS.get(event.name, ()):
            self._claim(place, event.attributes.get(place.path[0]) if place.path else event.ts_us)

    def _messages(self, events: Sequence[Happening]) -> None:
        """The events that tell one message each, as the messages of a prompt and the choices of an answer."""
        told = [(ROLES[event.name], loaded(event.attributes.get(CONTENT, event.attributes))) for event in events]
        told = [(role, one if isinstance(one, dict) else {"content": one}) for role, one in told]
        prompt = [{"role": role, **one} for role, one in told if role]
        choices = [one for role, one in told if not role]
        for name, found in (("gen_ai.user.message", prompt), ("gen_ai.choice", choices)):
            for place in EVENTS[name] if found else ():
                self._claim(place, found)

    def _claim(self, place: Place, value: Any) -> None:
        if value is not None:
            self._claims[place.field].append(Claim(place, value))


def _less(value: Any, used: list[Path]) -> Any:
    if () in used:
        return None
    inner = loaded(value) if used else value
    for path in sorted(used, reverse=True):
        inner = without(inner, path)
    return inner


def nested(members: Mapping[str, Any]) -> Any:
    """Values under dotted names, as objects and, where the names are numbers, lists in their order."""
    tree: dict[str, Any] = {}
    for name, value in members.items():
        *steps, last = name.split(".")
        node = tree
        for step in steps:
            inner = node.get(step)
            if not isinstance(inner, dict):
                inner = node[step] = {} if inner is None else {"": inner}
            node = inner
        node[last] = value
    return _listed(tree)


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(name.isdigit() for name in node):
        return [_listed(node[name]) for name in sorted(node, key=int)]
    return {name: _listed(value) for name, value in node.items()}
