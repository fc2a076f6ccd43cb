"""What columns are to become: fields of an item by their names, or as it was asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from monitoring.ingest.history import cells
from monitoring.ingest.history.cells import Read
from monitoring.ingest.normalise import TEXT_FIELDS
from monitoring.items import ITEM_TYPES

GROUPS: Final = frozenset({"features", "scores", "segments", "usage", "params", "extra"})
WORDS: Final = frozenset({"status", "kind", "finish_reason"})
NUMBERS: Final = frozenset({"score", "latency_ms", "ttft_ms", "cost_usd"})
LABELS: Final = frozenset({"prediction", "label"})
OF_NUMBERS: Final = frozenset({"scores", "usage"})
MUST: Final[Mapping[str, tuple[str, ...]]] = {
    "prediction": ("model", "ts"),
    "llm_call": ("model", "ts"),
    "outcome": ("prediction_id", "ts"),
    "feedback": ("target_id", "ts"),
    "event": ("ts",),
    "log": ("ts",),
}
REFUSED: Final = "_refused"  # what the file of refused lines adds to each


class WantedError(ValueError):
    """What was asked for and the columns do not fit; the message says what is there."""


class Path(NamedTuple):
    """A field of an item: `age` in the group `features`, or `model` in none."""

    group: str
    name: str

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.group}.{self.name}" if self.group else self.name


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be read. `maps` is field → column; `features`, `texts` and `ignored` are patterns of columns."""

    kind: str
    maps: Mapping[str, str] = field(default_factory=dict)
    features: Sequence[str] = ()
    texts: Sequence[str] = ()
    ignored: Sequence[str] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None

    def path(self, name: str) -> Path:
        """The field of this name."""
        group, dot, rest = name.partition(".")
        return Path(group, rest) if dot and rest and group in self.groups else Path("", name)

    @property
    def groups(self) -> frozenset[str]:
        """The fields of this kind that are objects of named values."""
        return GROUPS.intersection(ITEM_TYPES[self.kind].__struct_fields__)

    def target(self, column: str) -> Path | None:
        """Where a column goes; None where it is left out."""
        for name, source in self.maps.items():
            if source == column:
                return self.path(name)
        if not column or column == REFUSED or _among(column, self.ignored):
            return None
        if _among(column, self.features) and column not in ITEM_TYPES[self.kind].__struct_fields__:
            return Path("features", column)
        return None if column in self.maps else self.path(column)

    def constants(self) -> list[tuple[Path, Any]]:
        """What every row says that says nothing else."""
        return [(path, self.read(path, "")(value)) for path, value in self._set()]

    def _set(self) -> Iterator[tuple[Path, str]]:
        return ((self.path(name), value) for name, value in self.sets.items())

    def read(self, path: Path, column: str) -> Read:
        """How the text of this field is read."""
        if path == ("", "ts"):
            return cells.moment_in(self.zone)
        if _among(column, self.texts):
            return cells.text
        if path.group:
            return cells.number if path.group in OF_NUMBERS else cells.scalar
        return self._read_field(path.name)

    def _read_field(self, name: str) -> Read:
        item_type = ITEM_TYPES[self.kind]
        if name in TEXT_FIELDS[item_type] | WORDS:
            return cells.text
        if name in NUMBERS or (name == "value" and self.kind != "feedback"):
            return cells.number
        if name in LABELS:
            return cells.label
        return cells.nested if name in item_type.__struct_fields__ and name != "value" else cells.scalar

    def check_fields(self) -> None:
        """`WantedError` where something is asked for that this kind does not have."""
        fields = sorted(ITEM_TYPES[self.kind].__struct_fields__)
        for name in (*self.maps, *self.sets):
            path = self.path(name)
            if (path.group or path.name) not in fields:
                message = f"{name!r} is no field of these: {', '.join(fields)}"
                raise WantedError(message)
        if self.features and "features" not in fields:
            raise WantedError("only predictions have features; other fields take --map FIELD=COLUMN")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: where it stands, its name, what it becomes and how."""

    place: int
    name: str
    path: Path
    read: Read


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a table's columns."""

    columns: Sequence[Column]
    constants: Sequence[tuple[Path, Any]]
    left_out: Sequence[str]


def plan_of(names: Sequence[str], wanted: Wanted, *, typed: bool) -> Plan:
    """The plan for a table with these columns, of values or of texts; `WantedError` where no row could be accepted."""
    wanted.check_fields()
    _check_names(names, wanted)
    placed = [(place, name, wanted.target(name)) for place, name in enumerate(names)]
    columns = [Column(place, name, path, _reader(wanted, path, name, typed)) for place, name, path in placed if path]
    constants = wanted.constants()
    given = [column.path for column in columns]
    if twice := next((path for path in given if given.count(path) > 1), None):
        message = f"more than one column is {str(twice)!r}: leave one out with --ignore COLUMN"
        raise WantedError(message)
    for must in MUST[wanted.kind]:
        if Path("", must) not in {*given, *(path for path, _ in constants)}:
            there = ", ".join(names)
            message = f"no column is {must!r}: --map {must}=COLUMN or --set {must}=VALUE; there are: {there}"
            raise WantedError(message)
    return Plan(columns, constants, [name for _, name, path in placed if path is None and name != REFUSED])


def _check_names(names: Sequence[str], wanted: Wanted) -> None:
    there = ", ".join(names)
    for name, source in wanted.maps.items():
        if source not in names:
            message = f"there is no column {source!r} for {name!r}; there are: {there}"
            raise WantedError(message)
    for option in (wanted.features, wanted.texts, wanted.ignored):
        for pattern in option:
            if not any(fnmatchcase(name, pattern) for name in names):
                message = f"there is no column {pattern!r}; there are: {there}"
                raise WantedError(message)
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        message = f"there are two columns {twice!r}: name one of them otherwise"
        raise WantedError(message)


def _reader(wanted: Wanted, path: Path, name: str, typed: bool) -> Read:
    if not typed or path == ("", "ts"):
        return wanted.read(path, name)
    return cells.as_text if _among(name, wanted.texts) else cells.plain


def _among(column: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(column, pattern) for pattern in patterns)
