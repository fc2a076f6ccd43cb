"""Everything that can be done before the write lock: decode, resolve names, build rows, fold."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from django.conf import settings

from lib.ids import identity
from models_registry.models import Model
from models_registry.register import KnownVersion, ensure_version, known_versions, newest_version, read_version
from monitoring.drain.build import Named, Versions, build_row
from monitoring.drain.claim import Body
from monitoring.drain.fold import Folds
from monitoring.drain.rows import ROW_TYPES, Row
from monitoring.ingest.schema import ITEM_TYPES, EventItem, Item, ServedItem, namespace

INDEX_BITS = 13
DECODERS = {kind: msgspec.json.Decoder(list[item_type]) for kind, item_type in ITEM_TYPES.items()}  # type: ignore[valid-type]  # built at run time
FIRST_SIGHT = {"prediction": Model.Kind.BINARY, "llm_call": Model.Kind.LLM, "event": Model.Kind.BINARY}
Piece = tuple[Body, Sequence[tuple[int, Item]]]  # a body and its items under their positions


class WrongCountError(ValueError):
    """A body holds another number of items than it was counted for."""


@dataclass(slots=True)
class Batch:
    """Rows by identity, in ingest order, with what they fold to and how often an identity came again."""

    rows: dict[bytes, Row] = field(default_factory=dict)
    repeats: list[tuple[int, str]] = field(default_factory=list)
    kinds: dict[type[Row], str] = field(default_factory=dict)
    folds: Folds = field(default_factory=Folds)


def decode(body: Body) -> Piece:
    """The items of a body under their positions."""
    items: list[Item] = DECODERS[body.kind].decode(body.items)
    if len(items) != body.accepted:
        message = f"The body holds {len(items)} items and was accepted as {body.accepted}."
        raise WrongCountError(message)
    return body, list(enumerate(items))


def prepare(pieces: Sequence[Piece]) -> Batch:
    """A batch ready to be stored; the first of equal identities counts, in ingest order."""
    versions = _resolve(pieces)
    batch = Batch()
    for body, items in pieces:
        space = namespace(body.kind)
        first = body.id << INDEX_BITS
        batch.kinds[ROW_TYPES[body.kind]] = body.kind
        for index, item in items:
            key = identity(body.project_id, space, item.id)
            if key in batch.rows:
                batch.repeats.append((body.project_id, body.kind))
            else:
                batch.rows[key] = build_row(first | index, body, item, versions)
    batch.folds.add_all(batch.rows.values())
    return batch


def _resolve(pieces: Iterable[Piece]) -> Versions:
    """The version of every name in the batch; new names are registered, events about calls after the calls."""
    kinds: dict[Named, str] = {}
    for body, items in sorted(pieces, key=lambda piece: piece[0].kind == "event"):
        names = {(item.model, item.version) for _, item in items if isinstance(item, ServedItem | EventItem)}
        for slug, version in names:
            if slug or body.kind != "event":
                kinds.setdefault((body.project_id, slug, version), body.kind)
    by_project: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for project_id, slug, version in kinds:
        by_project[project_id].append((slug, version))
    found = {
        (project_id, *name): version
        for project_id, names in by_project.items()
        for name, version in known_versions(project_id=project_id, names=names).items()
    }
    for name in sorted(kinds.keys() - found.keys()):
        found[name] = _register(name, kinds[name])
    return found


def _register(name: Named, kind: str) -> KnownVersion:
    """A change marker without a version speaks of the newest one; every other new name is registered."""
    project_id, slug, version = name
    version_id = newest_version(project_id=project_id, slug=slug) if kind == "event" and not version else None
    if version_id is None:
        version_id = ensure_version(
            project_id=project_id,
            slug=slug,
            version=version,
            kind=FIRST_SIGHT[kind],
            cap=int(str(settings.INGEST["unreviewed_cap"])),
        )
    return read_version(version_id)
