"""YAML as people write it: mappings in their order, texts of several lines as blocks."""

from pathlib import Path
from typing import Any

import yaml


class UnreadableError(ValueError):
    """A file that is not there or not YAML; the message names it and says why."""


class _Dumper(yaml.SafeDumper):
    """Never an alias: nobody reads `&id001`."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def dump(document: Any) -> str:
    """One document."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=160)


def dump_all(documents: list[Any]) -> str:
    """Documents, `---` between them."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=160)


def read_all(path: Path) -> list[object]:
    """The documents of a file; `UnreadableError` where there are none to be had."""
    try:
        return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path}: not YAML in UTF-8: {error}") from error
