"""A YAML file whose mappings remember their lines, so that an error can point at one."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Problem:
    """Which definition or field of it is wrong, in which line of which file, and why."""

    file: Path
    line: int
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}: {self.text}"


class DefinitionError(Exception):
    """Everything that is wrong with a file, each with its line and path; a text where none of it could be read."""

    def __init__(self, problems: Sequence[Problem | str]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Section(dict[str, Any]):
    """A mapping of the file; `line` is where it starts and `lines` where each of its keys stands."""

    line: int = 0
    lines: dict[str, int]


class _Loader(yaml.SafeLoader):
    """Refuses what YAML would silently drop: a key given twice."""

    def construct_section(self, node: yaml.MappingNode) -> Section:
        section = Section()
        section.line = node.start_mark.line + 1
        section.lines = {}
        for key_node, value_node in node.value:
            key: Hashable = self.construct_object(key_node, deep=True)
            if str(key) in section:
                raise yaml.constructor.ConstructorError(None, None, f"{str(key)!r} is given twice", key_node.start_mark)
            section[str(key)] = self.construct_object(value_node, deep=True)
            section.lines[str(key)] = key_node.start_mark.line + 1
        return section


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _Loader.construct_section)


def read_document(path: Path) -> Section:
    """The file as nested sections; `DefinitionError` with the line when it is not a mapping in YAML."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader underneath
    except OSError as error:
        raise DefinitionError([f"{path}: {error.strerror}"]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DefinitionError([f"{path}:{line}: {error.problem}"]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError([f"{path}: not YAML in UTF-8: {error}"]) from error
    if not isinstance(document, Section):
        raise DefinitionError(
            [
                f"{path}: must be a mapping with project, models, prompts, slos, rules, prices, policies, evaluators, channels or runbooks"
            ]
        )
    return document


def section_of(given: Mapping[str, Any]) -> Section:
    """Objects of JSON as the sections of a file whose only line they are."""
    section = Section((name, _as_section(value)) for name, value in given.items())
    section.line, section.lines = 1, dict.fromkeys(section, 1)
    return section


def _as_section(value: Any) -> Any:
    if isinstance(value, Mapping):
        return section_of(value)
    return [_as_section(part) for part in value] if isinstance(value, list) else value


def endless_numbers(value: object, path: str, line: int) -> Iterator[tuple[int, str, str]]:
    """(line, path, problem) of what YAML can write and nothing can be judged by: `.nan`, `.inf`, integers without end."""
    if isinstance(value, float) and not isfinite(value):
        yield line, path, f"must be a finite number, not {value}"
    elif isinstance(value, int) and abs(value) >= INT64:
        yield line, path, "must be a number of at most 64 bits"
    elif isinstance(value, Section):
        for name, part in value.items():
            yield from endless_numbers(part, f"{path}.{name}".lstrip("."), value.lines[name])
    elif isinstance(value, list):
        for place, part in enumerate(value, start=1):
            yield from endless_numbers(part, f"{path}[{place}]", line)
