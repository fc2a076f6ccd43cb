"""A definition as its file gives it: its fields, where they stand, and where it is told what is wrong with them or became of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from config.definitions.document import Problem, Section
from models_registry.models import User


@dataclass
class Change:
    """What became of one definition."""

    path: str
    action: str
    fields: list[str]
    # Of columns, as they are told: before and after.
    values: dict[str, tuple[str, str]] = field(default_factory=dict)

    def also(self, name: str) -> None:
        """A field that stands in another table."""
        self.fields.append(name)
        self.action = "changed" if self.action == "unchanged" else self.action


@dataclass
class Report:
    """Of one application of one file; problems are collected, so that a person mends all of them at once."""

    file: Path
    now: datetime
    by: User | None = None
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class Given:
    """A mapping of the file. `line` is where it is named, `path` how its problems and its change are named."""

    report: Report
    fields: Section
    path: str
    line: int

    def __contains__(self, name: str) -> bool:
        """Whether the file says something of this field."""
        return name in self.fields

    def __getitem__(self, name: str) -> Any:
        """What the file says."""
        return self.fields[name]

    def line_of(self, name: str) -> int:
        """Where a field stands; of one that is not there, where the definition does."""
        return self.fields.lines.get(name, self.line)

    def path_of(self, name: str) -> str:
        """How a field is named."""
        return f"{self.path}.{name}" if self.path else name

    def problem(self, text: str, name: str = "", *, place: str = "") -> None:
        """Something is wrong with it, or with a field, or with a place in that field ("[3]")."""
        path = f"{self.path_of(name)}{place}" if name else self.path
        self.report.problems.append(Problem(self.report.file, self.line_of(name), path, text))

    def is_told(self, name: str) -> bool:
        """Whether something is wrong with the field already."""
        return any(one.path == self.path_of(name) for one in self.report.problems)

    def invalid(self, error: ValidationError, name: str) -> None:
        """What a validator says of a field."""
        self.problem(" ".join(error.messages), name)

    def allow(self, names: Iterable[str]) -> None:
        """Tell of fields that are none of these."""
        names = tuple(names)
        for name in self.fields.keys() - set(names):
            close = get_close_matches(name, names, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(names)}"
            self.problem(f"unknown{hint}", name)

    def below(self, name: str, wanted: str = "a mapping of fields") -> "Given | None":
        """A field that is a mapping; where it is none, that is told."""
        found = self.fields[name]
        if isinstance(found, Section):
            return Given(self.report, found, self.path_of(name), self.line_of(name))
        self.problem(f"must be {wanted}", name)
        return None

    def each(self, name: str, wanted: str) -> Iterator[tuple[str, "Given"]]:
        """The mappings of a field that is a mapping of them, by key; what is no mapping is told and left out."""
        whole = self.below(name, wanted)
        for key in whole.fields if whole else ():
            if whole and (one := whole.below(key)):
                yield key, one

    def list_of(self, name: str) -> list[Any]:
        """A field that is a list, or nothing; where it is another thing, that is told."""
        found = self.fields[name]
        if isinstance(found, list | None):
            return found or []
        self.problem("must be a list", name)
        return []

    def also(self, name: str) -> None:
        """Its change, the last one that was told, is of this field too."""
        self.report.changes[-1].also(name)
