"""Everything that can be done before the write lock: decode, resolve names, build rows, price, fold."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple, cast

import msgspec
from django.conf import settings

from lib.ids import identities
from models_registry.models import Model
from models_registry.register import (
    KnownVersion,
    ensure_version,
    known_versions,
    newest_version,
    read_version,
    take_for,
)
from monitoring.drain.build import build_rows
from monitoring.drain.calls import ready_calls
from monitoring.drain.claim import Body
from monitoring.drain.complete import complete_calls
from monitoring.drain.first_sight import Guess, guess_of
from monitoring.drain.fold import PARTS, Folds
from monitoring.drain.metrics import Told, told_of
from monitoring.drain.owners import owner_of
from monitoring.drain.plain import Plain, plain_predictions
from monitoring.drain.prompts import Prompts, observe_prompts
from monitoring.drain.rows import ROW_TYPES, LLMCallRow, PredictionRow, Row, SpanRow, by_type, columns_of
from monitoring.drain.served import UNDECODED, Named, Versions
from monitoring.drain.sights import LOG, Sight, call_item, log_sight_of, span_sight
from monitoring.drain.spans import seen_of, span_document, span_row
from monitoring.ingest.moments import moments_us
from monitoring.items import ITEM_TYPES, Columns, Item, LogItem, MetricItem, SpanItem, namespace
from monitoring.models import Series
from monitoring.selectors.floors import hold_references
from monitoring.selectors.plans import Plans, read_plans
from monitoring.selectors.segments import read_keys

SPAN, METRIC = "span", "metric"
INDEX_BITS = 13
DRAINED: dict[str, type[Any]] = {**ITEM_TYPES, **UNDECODED, SPAN: SpanItem, METRIC: MetricItem}
DECODERS = {kind: msgspec.json.Decoder(list[item_type]) for kind, item_type in DRAINED.items()}  # type: ignore[valid-type]  # built at run time
_NAME = attrgetter("model", "version")
# Kinds of items that name a model, and how; those that serve it come before those that only speak of it.
NAMED: dict[str, Callable[[Any], tuple[str, str]]] = {
    "prediction": _NAME,
    "llm_call": _NAME,
    "event": _NAME,
    LOG: owner_of,
    METRIC: _NAME,
}
SPEAKING = ("event", LOG, METRIC)
# Of a model that is new; else by its predictions.
FIRST_KINDS = {"llm_call": Model.Kind.LLM, LOG: Model.Kind.SERVICE, METRIC: Model.Kind.SERVICE}


class Piece(NamedTuple):
    """A body, or a part of one: items and the primary keys of their rows."""

    body: Body
    ids: Sequence[int]
    items: Sequence[Item]

    def halves(self) -> tuple["Piece", "Piece"]:
        """Two pieces of this one."""
        half = len(self.items) // 2
        left, right = slice(half), slice(half, None)
        return Piece(self.body, self.ids[left], self.items[left]), Piece(self.body, self.ids[right], self.items[right])


class ReferencesMovedError(Exception):
    """A reference came, or reached further back, after the batch was folded: it is folded again."""


class WrongCountError(ValueError):
    """A body holds another number of items than it was counted for."""


@dataclass(slots=True)
class Batch:
    """Rows by identity, in ingest order, with what they fold to and how often an identity came again."""

    rows: dict[bytes, Row] = field(default_factory=dict)
    repeats: list[tuple[int, str]] = field(default_factory=list)
    kinds: dict[type[Row], str] = field(default_factory=dict)
    folds: Folds = field(default_factory=Folds)
    columns: dict[type[Row], Columns] = field(default_factory=dict)
    plain: Plain | None = None  # instead of rows and columns
    prompts: Prompts = field(default_factory=dict)
    versions: frozenset[int] = frozenset()  # whose predictions are here
    plans: Plans = field(default_factory=dict)
    spans: list[SpanRow] = field(default_factory=list)
    sights: list[Sight] = field(default_factory=list)
    calls: Mapping[int, LLMCallRow] = field(default_factory=dict)  # what each sighting tells, if it is alone
    points: list[Told] = field(default_factory=list)

    def add(self, body: Body, keys: Sequence[bytes], rows: Sequence[Row]) -> None:
        """Add the rows of a body; mostly none of them is there already."""
        new = dict(zip(keys, rows, strict=True))
        if len(new) == len(rows) and self.rows.keys().isdisjoint(new):
            self.rows.update(new)
            return
        for key, row in zip(keys, rows, strict=True):
            if self.rows.setdefault(key, row) is not row:
                self.repeats.append((body.project_id, body.kind))


def decode(body: Body) -> Piece:
    """A body with its items."""
    items: list[Item] = DECODERS[body.kind].decode(body.items)
    if len(items) != body.accepted:
        message = f"The body holds {len(items)} items and was accepted as {body.accepted}."
        raise WrongCountError(message)
    if body.as_sent:
        for item, epoch_us in zip(items, moments_us([item.ts for item in items]), strict=True):
            item.ts = epoch_us
    return Piece(body, row_ids(body, range(len(items))), items)


def row_ids(body: Body, positions: Iterable[int]) -> Sequence[int]:
    """The primary keys of the rows at these positions of a body."""
    first = body.id << INDEX_BITS
    return [first | position for position in positions]


def prepare(pieces: Sequence[Piece]) -> Batch:
    """A batch ready to be stored; the first of equal identities counts, in ingest order.

    A body of which every item was refused is there for its counts alone, and brings nothing here.
    """
    spans, sights = _sighted(pieces)
    calls = _told(sights)
    pieces = [piece for piece in pieces if piece.items and piece.body.kind != SPAN]
    told = [*pieces, *calls]
    versions = _resolve(told)
    points = _points(pieces, versions)
    pieces, told = ([piece for piece in some if piece.body.kind != METRIC] for some in (pieces, told))
    batch = _begun(told, versions)
    batch.points = points
    batch.spans, batch.sights = spans, [sight for sight, _ in sights]
    batch.prompts = observe_prompts(((piece.body, piece.items) for piece in told), versions)
    batch.calls = ready_calls(calls, versions, {sight.pk: sight.told for sight in batch.sights})
    batch.kinds = {ROW_TYPES[piece.body.kind]: piece.body.kind for piece in pieces}
    batch.plain = plain_predictions(pieces, versions)
    if batch.plain is not None:
        batch.folds.add_columns(PredictionRow, batch.plain.columns)
        return batch
    for body, ids, items in pieces:
        keys = identities(body.project_id, namespace(body.kind), [item.id for item in items])
        batch.add(body, keys, list(build_rows(body, ids, items, versions)))
    if LLMCallRow in batch.kinds:
        complete_calls(batch.rows)
    batch.columns = {row_type: columns_of(rows) for row_type, rows in by_type(batch.rows.values()).items()}
    for row_type in PARTS.keys() & batch.columns.keys():
        batch.folds.add_columns(row_type, batch.columns[row_type])
    return batch


def _points(pieces: Iterable[Piece], versions: Versions) -> list[Told]:
    """The data points of metrics; what they add is known only where their streams are held."""
    return [
        told_of(piece.body.project_id, versions[piece.body.project_id, item.model, item.version], item)
        for piece in pieces
        if piece.body.kind == METRIC
        for item in cast("Sequence[MetricItem]", piece.items)
    ]


def _sighted(pieces: Iterable[Piece]) -> tuple[list[SpanRow], list[tuple[Sight, Body]]]:
    """The rows of spans, and what spans and log records tell of calls."""
    rows: list[SpanRow] = []
    sights: list[tuple[Sight, Body]] = []
    for body, ids, items in pieces:
        if body.kind == SPAN:
            for pk, span in zip(ids, items, strict=True):
                item = cast("SpanItem", span)
                seen, document = seen_of(item), span_document(item)
                row = span_row(pk, body, item, seen, document)
                if (sight := span_sight(row, seen, document)) is not None:
                    sights.append((sight, body))
                rows.append(row)
        elif body.kind == LOG:
            found = (log_sight_of(pk, body, cast("LogItem", line)) for pk, line in zip(ids, items, strict=True))
            sights += [(sight, body) for sight in found if sight is not None]
    return rows, sights


def _told(sights: Iterable[tuple[Sight, Body]]) -> list[Piece]:
    """The calls that sightings tell by themselves, as if a client had sent them."""
    bodies: dict[int, Body] = {}
    found: defaultdict[int, dict[int, Any]] = defaultdict(dict)
    for sight, body in sights:
        item = call_item([sight])
        if item is not None:
            bodies[body.id] = body
            found[body.id][sight.pk] = item
    return [
        Piece(bodies[pk]._replace(kind="llm_call"), list(items), list(items.values())) for pk, items in found.items()
    ]


def _begun(pieces: Iterable[Piece], versions: Versions) -> Batch:
    """By the references and segment keys of the versions that are here; none is set while they are used (PostgreSQL)."""
    if not versions:
        return Batch()
    hold_references()
    ids = {version.id for version in versions.values()}
    predicted = any(piece.body.kind == "prediction" for piece in pieces)
    plans = read_plans(ids) if predicted else {}
    return Batch(folds=Folds(plans, read_keys(ids)), versions=frozenset(ids if predicted else ()), plans=plans)


def confirm_plans(batch: Batch) -> None:
    """That the references are where they were when the batch was folded: SQLite prepares before its write lock."""
    if batch.versions and read_plans(batch.versions) != batch.plans:
        raise ReferencesMovedError


def _resolve(pieces: Iterable[Piece]) -> Versions:
    """The version of every name in the batch; new names are registered, what speaks of models after what serves them."""
    kinds: dict[Named, str] = {}
    for body, _, items in sorted(pieces, key=lambda piece: piece.body.kind in SPEAKING):
        if body.kind not in NAMED:
            continue
        for slug, version in set(map(NAMED[body.kind], items)):
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
    unknown = sorted(kinds.keys() - found.keys(), key=lambda name: (kinds[name] in SPEAKING, not name[2], name))
    silent = {name for name, version in found.items() if version.kind == Model.Kind.SERVICE}
    guesses = _guesses(pieces, {(project_id, slug) for project_id, slug, _ in {*unknown, *silent}})
    for name in unknown:
        found[name] = _register(name, kinds[name], guesses.get(name[:2], Guess()))
    served = {name: found[name] for name, kind in kinds.items() if kind not in SPEAKING}
    return (
        found
        | _applications({name: found[name] for name in served if kinds[name] == "llm_call"})
        | _models({name: version for name, version in served.items() if kinds[name] == "prediction"}, guesses)
    )


def _applications(called: Versions) -> dict[Named, KnownVersion]:
    """Those that nothing had been asked of before these calls, though something had spoken of them."""
    strange = {name: version for name, version in called.items() if version.kind != Model.Kind.LLM}
    return {
        name: take_for(version, kind=Model.Kind.LLM)
        for name, version in strange.items()
        if not Series.objects.filter(version__model_id=version.model_id, metric="status").exists()
    }


def _models(predicting: Versions, guesses: Mapping[tuple[int, str], Guess]) -> dict[Named, KnownVersion]:
    """Services that turn out to predict."""
    return {
        name: take_for(version, **guesses.get(name[:2], Guess())._asdict())
        for name, version in predicting.items()
        if version.kind == Model.Kind.SERVICE
    }


def _guesses(pieces: Iterable[Piece], models: Collection[tuple[int, str]]) -> dict[tuple[int, str], Guess]:
    """What these models seem to predict, by all that is here of them."""
    shown: defaultdict[tuple[int, str], list[Item]] = defaultdict(list)
    if models:
        for body, _, items in pieces:
            if body.kind == "prediction":
                for item in items:
                    slug, _version = _NAME(item)
                    shown[body.project_id, slug].append(item)
    return {model: guess_of(shown[model]) for model in models if shown[model]}


def _register(name: Named, kind: str, guess: Guess) -> KnownVersion:
    """What speaks of a model without a version speaks of the newest one; every other new name is registered."""
    project_id, slug, version = name
    version_id = newest_version(project_id=project_id, slug=slug) if kind in SPEAKING and not version else None
    if version_id is None:
        version_id = ensure_version(
            project_id=project_id,
            slug=slug,
            version=version,
            kind=FIRST_KINDS.get(kind, guess.kind),
            positive_label=guess.positive_label,
            cap=int(str(settings.INGEST["unreviewed_cap"])),
        )
    return read_version(version_id)
