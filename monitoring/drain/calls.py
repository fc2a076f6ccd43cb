"""Calls that spans and log records tell, counted once however often, by whom and in which order they are told.

A sighting that is alone becomes a call as it is. One that shares a trace, an id or a moment with others is looked at with all of
them: their records are read again, grouped anew, and the calls of before are amended into the calls of now, fold(new) − fold(old).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.conf import settings
from django.db import connection

from lib.ids import identity
from models_registry.models import Model
from models_registry.register import KnownVersion, ensure_version, known_versions, read_version
from monitoring.drain.blocks import blocks
from monitoring.drain.claim import Body
from monitoring.drain.complete import complete_calls
from monitoring.drain.counts import Counts
from monitoring.drain.first_sight import USUAL
from monitoring.drain.fold import Folds
from monitoring.drain.join import join, name_early
from monitoring.drain.keys import adopt, claim_all, insert_new
from monitoring.drain.rows import FeedbackRow, LLMCallRow, OutcomeRow, Row, columns_of
from monitoring.drain.served import Versions, build_calls
from monitoring.drain.sights import SPAN, Sight, call_item, call_names
from monitoring.drain.sql import insert_columns, is_postgres
from monitoring.drain.told import Told, read_told
from monitoring.llm.dialects.around import given
from monitoring.llm.dialects.same_call import same_call
from monitoring.models import Feedback, LLMCall, Outcome, Span
from monitoring.selectors.segments import read_keys

KIND = "llm_call"
NAMESPACE = "call"
ADVISORY = 0x0A7A1A1A  # the class of our locks on a project's calls
SENT = len(LLMCallRow._fields) - len(LLMCallRow._field_defaults)
LATE = {OutcomeRow: ("outcome", Outcome), FeedbackRow: ("feedback", Feedback)}
Entry = tuple[bytes, str, int | None, int]


@dataclass(slots=True)
class Change:
    """What a drain makes of the calls: rows that go, rows that come, whose names they have, where spans belong."""

    old: list[LLMCallRow] = field(default_factory=list)
    new: list[LLMCallRow] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    moved: dict[int, int | None] = field(default_factory=dict)  # span → call
    settled: set[int] = field(default_factory=set)  # calls that were there before, or take the place of one

    def include(self, other: "Change") -> None:
        """Add what another one changes."""
        self.old += other.old
        self.new += other.new
        self.entries += other.entries
        self.moved |= other.moved
        self.settled |= other.settled


def store_calls(sights: Sequence[Sight], ready: Mapping[int, LLMCallRow], counts: Counts, folds: Folds) -> Change:
    """Bring the calls up to these new sightings; `ready` are the rows of those that may turn out to be alone.

    What changed is returned for the sums of users' days, which come last in a transaction.
    """
    by_project: defaultdict[int, list[Sight]] = defaultdict(list)
    for sight in sights:
        by_project[sight.project_id].append(sight)
    change = Change()
    for project_id in sorted(by_project):
        _hold(project_id)
        change.include(_changed(project_id, by_project[project_id], ready))
    _apply(change, counts, folds)
    return change


def _hold(project_id: int) -> None:
    """One drain at a time looks for sightings that are of one call: two could miss each other's."""
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY, project_id])


def _changed(project_id: int, new: Sequence[Sight], ready: Mapping[int, LLMCallRow]) -> Change:
    told = read_told(project_id, new)
    change = Change()
    merging: list[list[Sight]] = []
    for block in blocks([*new, *told.sights]):
        telling = [sight for sight in block if not sight.bears]
        if len(telling) == 1 and _is_ready(telling[0], block, ready, told):
            (sight,) = telling
            change.new.append(ready[sight.pk])
            change.entries += _entries(project_id, telling, ready[sight.pk], told.keys)
        elif telling and any(sight.call_ref is None or sight.pk in ready for sight in block):
            merging.append(block)
    for block in merging:
        change.include(_regrouped(project_id, block, told))
    return change


def _is_ready(sight: Sight, block: Sequence[Sight], ready: Mapping[int, LLMCallRow], told: Told) -> bool:
    """Whether a sighting that no other shares its call with is the call as it is: nothing around it adds to it."""
    if sight.pk not in ready or told.speaks_of(sight):
        return False
    return len(block) == 1 or not given(sight.reading, [one.reading for one in block if one.bears])


def _regrouped(project_id: int, block: Sequence[Sight], told: Told) -> Change:
    """The calls of a block as all its sightings make them."""
    old = {ref: told.calls[ref] for ref in told.refs_of(block) if ref in told.calls}
    change = Change()
    groups: list[tuple[list[Sight], Any]] = []
    in_order = sorted((one for one in block if not one.bears), key=lambda one: (one.kind, one.pk))
    around = [one for one in block if one.bears]
    for places in same_call([sight.reading for sight in in_order]):
        group = [in_order[place] for place in places]
        foreign = told.foreign_of(group)
        if foreign is not None:  # a client told this call by the REST API: it is counted there
            change.moved |= {sight.pk: foreign for sight in group if sight.kind == SPAN}
        elif (item := call_item(group, around)) is not None:
            groups.append((group, item))
    numbers = _numbers([group for group, _ in groups], told, old)
    pairs = [(group, pk, _row(project_id, pk, group, item)) for (group, item), pk in zip(groups, numbers, strict=True)]
    for group, pk, row in pairs:
        if pk not in old or old[pk][:SENT] != row[:SENT]:
            change.new.append(row)
            change.entries += _entries(project_id, group, row, told.keys)
        change.moved |= {one.pk: pk for one in group if one.kind == SPAN and one.call_ref != pk}
    kept = {row.id for _, _, row in pairs} - {row.id for row in change.new}
    change.old = [row for ref, row in old.items() if ref not in kept]
    change.settled = set(old)
    return change


def _numbers(groups: Sequence[Sequence[Sight]], told: Told, old: Collection[int]) -> list[int]:
    """The primary key of each group's call: of a call that its sightings were of, else that of one of its records."""
    taken: dict[int, int] = {}
    for place, group in enumerate(groups):
        mine = sorted(ref for ref in told.refs_of(group) if ref in old and ref not in taken.values())
        if mine:
            taken[place] = mine[0]
    for place, group in enumerate(groups):
        if place not in taken:
            everyone = [*group, *(one for other in groups for one in other)]
            taken[place] = next(one.pk for one in everyone if one.pk not in taken.values())
    return [taken[place] for place in range(len(groups))]


def _entries(project_id: int, sights: Sequence[Sight], row: LLMCallRow, known: Mapping[str, bytes]) -> list[Entry]:
    names = call_names(sights) | {row.event_id}
    keys = [known.get(name) or identity(project_id, NAMESPACE, name) for name in names]
    return [(key, KIND, row.id, row.ingested_us) for key in keys]


def _row(project_id: int, pk: int, group: Sequence[Sight], item: Any) -> LLMCallRow:
    """One call as the drain builds all of them, with its price and what policies and evaluators say."""
    name = (project_id, item.model, item.version)
    body = Body(0, project_id, KIND, min(one.received_us for one in group), b"", 1, 0, {}, False, False)
    told = {one.pk: one.told for one in group}
    row = next(build_calls(body, [pk], [item], {name: _version(*name)}, told))
    rows: dict[bytes, Row] = {b"": row}
    complete_calls(rows, told)
    return cast("LLMCallRow", rows[b""])


def _version(project_id: int, model: str, version: str) -> KnownVersion:
    known = known_versions(project_id=project_id, names={(model, version)})
    if known:
        return known[model, version]
    cap = int(str(settings.INGEST["unreviewed_cap"]))
    return read_version(
        ensure_version(
            project_id=project_id, slug=model, version=version, kind=Model.Kind.LLM, positive_label=USUAL, cap=cap
        )
    )


def ready_calls(
    pieces: Iterable[tuple[Body, Sequence[int], Sequence[Any]]], versions: Versions, told: Mapping[int, bytes]
) -> dict[int, LLMCallRow]:
    """The rows of calls that each sighting would make alone, priced and judged, by primary key; `told` as they are packed by."""
    rows: dict[bytes, Row] = {}
    for body, ids, items in pieces:
        rows |= {b"%d" % row.id: row for row in build_calls(body, ids, items, versions, told)}
    complete_calls(rows, told)
    return {row.id: row for row in rows.values() if type(row) is LLMCallRow}


def _apply(change: Change, counts: Counts, folds: Folds) -> None:
    """Amend: rows and names first, then the sums, then what was said of these calls."""
    if change.old:
        _delete(change.old)
        folds.amend(change.old, (), read_keys({row.version_id for row in change.old}))
    if change.new:
        columns = columns_of(change.new)
        insert_columns(LLMCall, {name: columns[name] for name in LLMCallRow._fields[:SENT]})
        if change.settled:
            folds.amend((), change.new, read_keys({row.version_id for row in change.new}))
        else:
            folds.add_columns(LLMCallRow, columns)
    _move(change.moved)
    spoken_of = _point(change)
    if spoken_of:
        _rejoin(change, spoken_of, counts, folds)


def _delete(rows: Collection[LLMCallRow]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"DELETE FROM {LLMCall._meta.db_table} WHERE id = %s", [(row.id,) for row in rows])


def _move(moved: Mapping[int, int | None]) -> None:
    if moved:
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {Span._meta.db_table} SET call_ref = %s WHERE id = %s",
                [(ref, pk) for pk, ref in sorted(moved.items())],
            )


def _point(change: Change) -> dict[bytes, int]:
    """Let the names lead to their calls; returns those of which something was said, or may have been."""
    entries = sorted({entry[0]: entry for entry in change.entries}.values())
    if not entries or (not change.settled and claim_all(entries)):
        return {}
    new = insert_new(entries)
    known = [entry for entry in entries if entry[0] not in new]
    awaited = adopt(known)
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE monitoring_eventkey SET kind = %s, ref = %s WHERE key = %s AND kind = 'llm_call' AND ref <> %s",
            [(kind, ref, key, ref) for key, kind, ref, _ in known if key not in awaited and change.settled],
        )
    said = entries if change.settled else [entry for entry in known if entry[0] in awaited]
    return {key: ref for key, _, ref, _ in said if ref is not None}


def _rejoin(change: Change, spoken_of: Mapping[bytes, int], counts: Counts, folds: Folds) -> None:
    """What was said of these names is said of their calls, whichever they were before."""
    targets = {key: (KIND, ref) for key, ref in spoken_of.items()}
    owners = {row.id: row.project_id for row in change.new}
    for row_type, (kind, model) in LATE.items():
        if change.settled:
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"UPDATE {model._meta.db_table} SET target_ref = %s WHERE target = %s AND target_ref IS NOT NULL",
                    [(ref, key) for key, ref in sorted(spoken_of.items())],
                )
        for project_id in set(owners.values()):
            mine = {key for key, ref in spoken_of.items() if owners.get(ref) == project_id}
            found = name_early(mine, targets, row_type)
            if found:
                counts.item((project_id, kind), "orphaned", -found)
    join(targets, folds)
