"""Join outcomes and feedback to what they speak of, in either order of arrival, under the lock of the target's key."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from django.db import connection

from lib.ids import identities
from monitoring.drain.fold import Folds
from monitoring.drain.opinions import read_judges
from monitoring.drain.rows import (
    MODELS,
    FeedbackRow,
    LateRow,
    LLMCallRow,
    LogRecordRow,
    OutcomeRow,
    PredictionRow,
    ServedRow,
    SpanRow,
)
from monitoring.drain.sql import binary_cursor, fetch_any, is_postgres
from monitoring.drain.truth import DEFAULT_JUDGE, with_truth
from monitoring.llm.call_names import names_of
from monitoring.selectors.segments import read_keys

Stored = TypeVar("Stored", PredictionRow, LLMCallRow, OutcomeRow, FeedbackRow, SpanRow, LogRecordRow)
Served = TypeVar("Served", PredictionRow, LLMCallRow)
Said = TypeVar("Said", OutcomeRow, FeedbackRow)
Targets = Mapping[bytes, tuple[str, int]]
FEEDBACK_COLUMNS = {"feedback_up": "int", "feedback_down": "int", "feedback_other": "int", "opinions": "text"}
AMENDABLE: dict[type[ServedRow], dict[str, str]] = {
    LLMCallRow: FEEDBACK_COLUMNS,
    PredictionRow: {
        **FEEDBACK_COLUMNS,
        "label": "text",
        "label_value": "float8",
        "label_us": "bigint",
        "outcome_ref": "bigint",
        "label_changes": "int",
    },
}


def join(targets: Targets, folds: Folds) -> None:
    """Bring these stored events up to what is said of them, amending the folds by the difference."""
    if not targets:
        return
    stored: list[ServedRow] = [
        *_stored(PredictionRow, "prediction", targets),
        *_stored(LLMCallRow, "llm_call", targets),
    ]
    keys = {row.id: identities(row.project_id, "call", names_of(row)) for row in stored}
    everything = set(chain.from_iterable(keys.values()))
    outcomes = _by_target(OutcomeRow, everything)
    feedback = _by_target(FeedbackRow, everything)
    judges = read_judges({row.version_id for row in stored}) if feedback else {}
    before: list[ServedRow] = []
    changed: defaultdict[type[ServedRow], list[ServedRow]] = defaultdict(list)
    for old in stored:
        judge = judges.get(old.version_id, DEFAULT_JUDGE)
        labels = [said for key in keys[old.id] for said in outcomes[key]]
        opinions = [said for key in keys[old.id] for said in feedback[key]]
        new = with_truth(old, labels, opinions, judge)
        if new != old:
            before.append(old)
            changed[type(new)].append(new)
    folds.amend(before, chain.from_iterable(changed.values()), read_keys({row.version_id for row in before}))
    for row_type, rows in changed.items():
        update_rows(row_type, rows, AMENDABLE[row_type])


def name_targets(rows: Iterable[LateRow], targets: Targets) -> list[LateRow]:
    """Late rows with the stored event that they speak of, where it has arrived."""
    return [row._replace(target_ref=targets[row.target][1]) if row.target in targets else row for row in rows]


def name_early(adopted: Collection[bytes], targets: Targets, row_type: type[LateRow]) -> int:
    """Tell rows that came before their target which event it is; how many did."""
    if not adopted:
        return 0
    table = MODELS[row_type]._meta.db_table
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET target_ref = %s WHERE target = %s AND target_ref IS NULL",
            [(targets[key][1], key) for key in sorted(adopted)],
        )
        return int(cursor.rowcount)


def load_rows(
    row_type: type[Stored], column: str, kind: str, values: Collection[int] | Collection[bytes], *, lock: str = ""
) -> list[Stored]:
    """Stored rows whose column is among the values."""
    select = f"SELECT {', '.join(row_type._fields)} FROM {MODELS[row_type]._meta.db_table}"
    return [row_type._make(row) for row in fetch_any(select, column, kind, list(values), lock=lock)]


def _stored(row_type: type[Served], kind: str, targets: Targets) -> list[Served]:
    """The targets of a kind, locked."""
    refs = [ref for its_kind, ref in targets.values() if its_kind == kind]
    return load_rows(row_type, "id", "bigint", refs, lock="FOR NO KEY UPDATE")


def _by_target(row_type: type[Said], targets: Collection[bytes]) -> defaultdict[bytes, list[Said]]:
    found: defaultdict[bytes, list[Said]] = defaultdict(list)
    for row in load_rows(row_type, "target", "bytea", targets):
        found[bytes(row.target)].append(row)
    return found


def update_rows(row_type: type[ServedRow], rows: Sequence[ServedRow], columns: Mapping[str, str]) -> None:
    """Write these columns (name → SQL type) of rows that are locked."""
    table = MODELS[row_type]._meta.db_table
    if is_postgres():
        sets = ", ".join(f"{name} = mine.{name}" for name in columns)
        arrays = ", ".join(["%b::bigint[]", *(f"%b::{kind}[]" for kind in columns.values())])
        sql = f"""UPDATE {table} AS stored SET {sets}
            FROM unnest({arrays}) AS mine (id, {", ".join(columns)}) WHERE stored.id = mine.id"""
        values = [[getattr(row, name) for row in rows] for name in ("id", *columns)]
        with binary_cursor() as cursor:
            cursor.execute(sql.encode(), values)
        return
    sets = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {sets} WHERE id = %s",
            [(*(getattr(row, name) for name in columns), row.id) for row in rows],
        )
