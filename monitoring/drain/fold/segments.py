"""Which segments events are in. Read from the columns and, where a key is declared, from the payload as it is stored.

What no key asks for is not decoded; a batch of which nothing is in a segment costs a look at its versions.
"""

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Any

import msgspec

from monitoring.drain.fold.sums import NOWHERE, Columns, Segments
from monitoring.selectors.segments import DeclaredKey, Keys
from monitoring.stats.segments import NONE, OTHER, PROMPT, prompt_value, segment_of, value_text


class Payload(msgspec.Struct, gc=False):
    """What of a stored payload is needed here."""

    segments: dict[str, Any] | None = None


_read = msgspec.json.Decoder(Payload).decode


def segments_of(columns: Columns, keys: Keys) -> list[Segments] | None:
    """The segments of each row: one per key that is declared for it, and its prompt's. None where no row has any."""
    prompts = _prompts(columns)
    declared = keys.keys() & set(columns["version_id"]) if keys else ()
    if not declared:
        return prompts
    found = prompts or [NOWHERE] * len(columns["id"])
    for version_id in declared:
        mine = [version == version_id for version in columns["version_id"]]
        places = list(compress(range(len(mine)), mine))
        given = _declared(
            keys[version_id], list(compress(columns["id"], mine)), list(compress(columns["payload"], mine))
        )
        for place, segments in zip(places, given, strict=True):
            found[place] += segments
    return found if any(found) else None


def _prompts(columns: Columns) -> list[Segments] | None:
    names = columns.get("prompt_name")
    if names is None or not any(names):
        return None
    pairs = list(zip(names, columns["prompt_version"], strict=True))
    known = {
        (name, version): (segment_of(PROMPT, prompt_value(name, version)),) for name, version in set(pairs) if name
    }
    return [known.get(pair, NOWHERE) for pair in pairs]


def _declared(keys: Sequence[DeclaredKey], ids: Sequence[int], payloads: Sequence[str]) -> Iterator[Segments]:
    """The segments by declared keys of rows of one version."""
    names: dict[tuple[str, str], str] = {}
    first = min(key.since for key in keys)
    for pk, payload in zip(ids, payloads, strict=True):
        if pk < first:
            yield NOWHERE
            continue
        given = _read(payload).segments or {}
        yield tuple(
            _segment(key, given.get(key.key), names)
            for key in keys
            if pk >= key.since and (key.until is None or pk < key.until)
        )


def _segment(key: DeclaredKey, value: Any, names: dict[tuple[str, str], str]) -> str:
    if not isinstance(value, str):
        return _name(key, value_text(value))
    found = names.get((key.key, value))
    if found is None:
        found = names[key.key, value] = _name(key, value_text(value))
    return found


def _name(key: DeclaredKey, text: str) -> str:
    beyond = key.values is not None and text not in key.values and text != NONE
    return segment_of(key.key, OTHER if beyond else text)
