"""What the attributes of one span or record say, sorted by field through the alias table.

Every attribute is looked at once: under its name, under the name of its numbered family, and inside where the table looks
inside. What has no row is left over from the start; what has one and was not used is left over in the end.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from monitoring.llm.dialects.aliases import ALIASES
from monitoring.llm.dialects.fragments import ROLES
from monitoring.llm.dialects.seen import Happening, Seen
from monitoring.llm.dialects.values import dig, loaded, may_open, without

Path = tuple[str, ...]
Reader = Callable[[Any], Any]
_LAST_NUMBER = re.compile(r"\.\d+$")
_NUMBERED = re.compile(r"\.\d+(?:\.|$)")


class Place(NamedTuple):
    """Where the table looks for a field: `rank` is the row's place in it."""

    rank: int
    field: str
    dialect: str
    name: str
    path: Path

    def speaks(self, dialect: str) -> bool:
        """Whether the name says something in this dialect: one without a dot does so in its own only."""
        return dialect == self.dialect or "." in self.name or bool(self.path)


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
TEXTS = (
    *("provider", "request_model", "response_model", "response_id", "prompt_name", "prompt_version"),
    *("user_id", "session_id", "request_id", "version", "environment"),
)
# Fields that are read one like the other.
GROUPS: Mapping[str, Sequence[str]] = {
    "texts": TEXTS,
    **{
        group: tuple(dict.fromkeys(row.field for row in ALIASES if row.field.startswith(f"{group}.")))
        for group in ("params", "usage")
    },
}


class Shape(NamedTuple):
    """What the table makes of attributes of these names, whatever their values: all spans of one instrumentation share a few."""

    places: Mapping[str, Sequence[Place]]  # by field, the most trustworthy first
    known: Sequence[str]
    opened: Collection[str]  # those of them that are looked into
    members: Sequence[tuple[str, str, str]]  # (name, family, the rest of the name)
    unknown: Sequence[str]
    whole: Mapping[
        str, Sequence[str]
    ]  # of a field that attributes tell as they are, none by what lies inside: their names
    told: Mapping[str, Sequence[str]]  # of each group of fields, those that attributes tell


@lru_cache(maxsize=1024)
def shape_of(names: tuple[str, ...], dialect: str) -> Shape:
    """The shape of attributes of these names in a dialect."""
    places: defaultdict[str, list[Place]] = defaultdict(list)
    known, opened, members, unknown = [], set(), [], []
    for name in names:
        speaking = [place for place in NAMES.get(name, ()) if place.speaks(dialect)]
        if speaking:
            known.append(name)
            for place in speaking:
                places[place.field].append(place)
                if place.path:
                    opened.add(name)
        elif name not in NAMES and (found := _NUMBERED.search(name)) and name[: found.start()] in FAMILIES:
            members.append((name, name[: found.start()], name[found.start() + 1 :]))
        else:
            unknown.append(name)
    ordered = {field: sorted(found) for field, found in places.items()}
    return Shape(ordered, known, opened, members, unknown, _whole(ordered, opened), _told(ordered))


def _whole(places: Mapping[str, Sequence[Place]], opened: Collection[str]) -> dict[str, list[str]]:
    """The fields that are read as they are, and where, in the order of trust."""
    return {
        field: [place.name for place in found]
        for field, found in places.items()
        if not any(place.path or place.name in opened for place in found)
    }


def _told(places: Collection[str]) -> dict[str, list[str]]:
    return {group: [field for field in fields if field in places] for group, fields in GROUPS.items()}


@lru_cache(maxsize=1024)
def _shut(names: tuple[str, ...], dialect: str, plain: tuple[str, ...]) -> Shape:
    """The shape where these attributes are plain: nothing lies inside them."""
    shape = shape_of(names, dialect)
    places = {
        field: left
        for field, found in shape.places.items()
        if (left := [place for place in found if not (place.path and place.name in plain)])
    }
    opened = set(shape.opened) - set(plain)
    return shape._replace(places=places, opened=opened, whole=_whole(places, opened), told=_told(places))


class Evidence:
    """The claims of one span or record by field, and what is left over of its attributes."""

    def __init__(self, seen: Seen, dialect: str) -> None:
        self.dialect = dialect
        self._told = seen.attributes
        names = tuple(seen.attributes)
        self._shape = shape_of(names, dialect)
        if plain := tuple([name for name in self._shape.opened if not may_open(seen.attributes[name])]):
            self._shape = _shut(names, dialect, plain)
        self.leftover: dict[str, Any] = {name: seen.attributes[name] for name in self._shape.unknown}
        self._inner = {name: loaded(seen.attributes[name]) for name in self._shape.opened}
        self._more: defaultdict[str, list[Claim]] = defaultdict(list)  # claims of others than single attributes
        self._used: defaultdict[str, list[Path]] = defaultdict(list)
        self._spent: set[str] = set()  # used whole
        if self._shape.members:
            self._families()
        if seen.events:
            self._events(seen.events)
        for place in BODY if seen.body is not None else ():
            self._claim(place, dig(seen.body, place.path))

    def claims(self, field: str) -> Sequence[Claim]:
        """Who claims to be this field, the most trustworthy first."""
        places, more = self._shape.places.get(field), self._more.get(field)
        if places is None:
            return sorted(more, key=lambda claim: claim.place.rank) if more else ()
        found = [Claim(place, value) for place in places if (value := self._value(place)) is not None]
        return sorted([*found, *more], key=lambda claim: claim.place.rank) if more else found

    def first(self, field: str, read: Reader) -> Any:
        """The first claim that is a value of its kind; those that say the same say nothing more."""
        names = self._shape.whole.get(field)
        if names is None or field in self._more:
            return self._first(self._pairs(field), read) if self._is_told(field) else None
        found = None
        for name in names:
            value = self._told[name]
            if value is None or (told := read(value)) is None:
                continue
            if found is None:
                found = told
            if told == found:
                self._spent.add(name)
        return found

    def _pairs(self, field: str) -> Iterable[tuple[Place, Any]]:
        if field in self._more:
            return self.claims(field)
        return [(place, self._value(place)) for place in self._shape.places.get(field, ())]

    def _first(self, pairs: Iterable[tuple[Place, Any]], read: Reader) -> Any:
        found = None
        for place, value in pairs:
            if value is None or (told := read(value)) is None:
                continue
            if found is None:
                found = told
            if told == found:
                self._use(place.name, place.path)
        return found

    def _use(self, name: str, path: Path) -> None:
        if path:
            self._used[name].append(path)
        else:
            self._spent.add(name)

    def _value(self, place: Place) -> Any:
        name = place.name
        value = self._inner[name] if name in self._inner else self._told[name]
        return dig(value, place.path) if place.path else value

    def told(self, group: str) -> Sequence[str]:
        """Those fields of a group that anybody may claim to be."""
        return list(filter(self._is_told, GROUPS[group])) if self._more else self._shape.told[group]

    def _is_told(self, field: str) -> bool:
        return field in self._shape.places or field in self._more

    def use(self, claim: Claim, *inside: str) -> None:
        """A claim was believed, or says nothing else than the one that was; of an object perhaps only what is `inside`."""
        self._use(claim.place.name, (*claim.place.path, *inside))

    def left(self) -> dict[str, Any]:
        """What nothing was made of."""
        left = dict(self.leftover)
        for name, family, _ in self._shape.members:
            if f"{family}.*" not in self._spent and f"{family}.*" not in self._used:
                left[name] = self._told[name]
        for name in self._shape.known:
            if name in self._spent or NAMES[name][0].field in SAID_OTHERWISE:
                continue
            rest = _less(self._told[name], self._used.get(name, ()))
            if rest is not None:
                left[name] = rest
        return left

    def _families(self) -> None:
        families: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for name, family, rest in self._shape.members:
            families[family][rest] = self._told[name]
        for family, members in families.items():
            value = nested(members)
            for place in FAMILIES[family]:
                self._claim(place, value)

    def _events(self, events: Sequence[Happening]) -> None:
        series: defaultdict[str, list[Happening]] = defaultdict(list)
        for event in events:
            if event.name not in ROLES:
                self._event(event)
                if (number := _LAST_NUMBER.search(event.name)) and (
                    family := f"{event.name[: number.start()]}.*"
                ) in EVENTS:
                    series[family].append(event)
        for family, members in series.items():
            for place in EVENTS[family]:
                self._claim(place, [loaded(event.attributes.get(place.path[0])) for event in members])
        self._messages([event for event in events if event.name in ROLES])

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
            self._more[place.field].append(Claim(place, value))


def _less(value: Any, used: Collection[Path]) -> Any:
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
