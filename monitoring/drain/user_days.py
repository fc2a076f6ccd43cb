"""Calls, cost and last sight per application, day, user and environment: exact sums, added in the transaction of the calls.

Only calls that name a user cost anything here. Rows are written in key order, after the buckets, so that two drains can
wait for each other but never in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from monitoring.drain.codes import owners
from monitoring.drain.rows import LLMCallRow
from monitoring.drain.sql import binary_cursor, is_postgres

DAY_US = 86_400_000_000
COLUMNS = ("model_id", "day", "user_id", "environment", "calls", "costed", "cost_nano", "last_us")
ADD = """
    ON CONFLICT (model_id, day, user_id, environment) DO UPDATE SET
        calls = stored.calls + excluded.calls, costed = stored.costed + excluded.costed,
        cost_nano = stored.cost_nano + excluded.cost_nano,
        last_us = CASE WHEN stored.last_us > excluded.last_us THEN stored.last_us ELSE excluded.last_us END"""
SECOND_US = 1_000_000
LAST = """
    SELECT MAX(ts_us) FROM monitoring_llmcall
    WHERE project_id = (SELECT project_id FROM models_registry_model WHERE id = %s)
        AND (ts_us / 1000000) >= %s AND (ts_us / 1000000) <= %s AND ts_us >= %s AND ts_us < %s
        AND user_id = %s AND environment = %s
        AND version_id IN (SELECT id FROM models_registry_modelversion WHERE model_id = %s)"""
SET_LAST = """
    UPDATE monitoring_userday SET last_us = %s
    WHERE model_id = %s AND day = %s AND user_id = %s AND environment = %s AND last_us = %s"""
INSERT = f"INSERT INTO monitoring_userday AS stored ({', '.join(COLUMNS)})"


Place = tuple[int, int, str, str]


class Owner(NamedTuple):
    """Whose day: an application, a day since the epoch, a user, an environment."""

    model_id: int
    day: int
    user_id: str
    environment: str


class Spent(NamedTuple):
    """What a user did on a day; sums may be taken away, the newest call stays the newest."""

    calls: int = 0
    costed: int = 0
    cost_nano: int = 0
    last_us: int = -(2**62)


def add_user_days(new: Iterable[LLMCallRow], *, old: Iterable[LLMCallRow] = ()) -> None:
    """Add what these calls come to, less what they came to before: amend, as for every sum."""
    by_version = sum_by_version(new)
    add_up(by_version, sum_by_version(old), sign=-1)
    if not by_version:
        return
    rows = [(*owner, *spent) for owner, spent in sorted(by_application(by_version).items())]
    _write(rows)


def forget_last(old: Iterable[LLMCallRow], new: Iterable[LLMCallRow]) -> None:
    """Look again for the last sight of users whose calls `old` are gone, where one of them was it: a newest cannot be taken away.

    The calls of the same user among `new` bound where to look.
    """
    gone, came = (by_application(sum_by_version(rows)) for rows in (list(old), list(new)))
    with connection.cursor() as cursor:
        for owner, spent in sorted(gone.items()):
            since = max(came[owner].last_us if owner in came else 0, owner.day * DAY_US)
            bounds = [since // SECOND_US, spent.last_us // SECOND_US, owner.day * DAY_US, (owner.day + 1) * DAY_US]
            cursor.execute(LAST, [owner.model_id, *bounds, owner.user_id, owner.environment, owner.model_id])
            (last,) = cursor.fetchone()
            place: list[Any] = [owner.model_id, owner.day, owner.user_id, owner.environment]
            cursor.execute(SET_LAST, [Spent().last_us if last is None else last, *place, spent.last_us])


def sum_by_version(calls: Iterable[LLMCallRow]) -> dict[Place, Spent]:
    """(version, day, user, environment) → what the calls of this user come to. Calls without a user come to nothing."""
    sums: dict[Place, Spent] = {}
    for call in calls:
        if not call.user_id:
            continue
        cost = call.reported_nano if call.cost_nano is None else call.cost_nano
        place = (call.version_id, call.ts_us // DAY_US, call.user_id, call.environment)
        one = Spent(1, int(cost is not None), cost or 0, call.ts_us)
        sums[place] = _sum(sums[place], one) if place in sums else one
    return sums


def add_up(sums: dict[Place, Spent], more: Mapping[Place, Spent], sign: int = 1) -> None:
    """Add to the sums, in place, or take away from them."""
    for place, spent in more.items():
        sums[place] = _sum(sums.get(place, Spent()), spent, sign)


def by_application(sums: Mapping[Place, Spent]) -> dict[Owner, Spent]:
    """The same for the applications that the versions belong to."""
    owned = owners({version_id for version_id, *_ in sums})
    found: dict[Owner, Spent] = {}
    for (version_id, day, user_id, environment), spent in sums.items():
        owner = Owner(owned[version_id].model_id, day, user_id, environment)
        found[owner] = _sum(found[owner], spent) if owner in found else spent
    return found


def _sum(left: Spent, right: Spent, sign: int = 1) -> Spent:
    return Spent(
        left.calls + sign * right.calls,
        left.costed + sign * right.costed,
        left.cost_nano + sign * right.cost_nano,
        max(left.last_us, right.last_us),
    )


def _write(rows: Sequence[tuple[int | str, ...]]) -> None:
    if is_postgres():
        arrays = (
            "%b::bigint[], %b::int[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[]"
        )
        sql = f"{INSERT} SELECT * FROM unnest({arrays}) AS mine {ADD}"
        with binary_cursor() as cursor:
            cursor.execute(sql.encode(), [list(column) for column in zip(*rows, strict=True)])
        return
    with connection.cursor() as cursor:
        cursor.executemany(f"{INSERT} VALUES ({', '.join(['%s'] * len(COLUMNS))}) {ADD}", rows)
