"""Where retention has come: below a floor the finer rows are gone and the coarser ones are the truth."""

from dataclasses import dataclass

from django.db import connection

from monitoring.models import RetentionFloor
from monitoring.models.summaries import TIER_SECONDS, Tier

NEVER = -(2**62)
FLOORS_LOCK, REFERENCES_LOCK = 0x0A7A1A1A, 0x0A7A1A1B  # any numbers that nothing else locks


@dataclass(frozen=True, slots=True)
class Floors:
    """Epoch seconds before which rows of a kind are gone; `NEVER` while nothing was dropped."""

    events: int = NEVER
    logs: int = NEVER
    minutes: int = NEVER
    hours: int = NEVER

    def bucket(self, epoch_s: int, *, hourly: bool = False) -> tuple[int, int]:
        """(tier, start) of the finest bucket that still exists for a moment; `hourly` series have no minutes."""
        if epoch_s >= self.minutes and not hourly:
            tier = Tier.MINUTE
        elif epoch_s >= self.hours:
            tier = Tier.HOUR
        else:
            tier = Tier.DAY
        return int(tier), epoch_s - epoch_s % TIER_SECONDS[tier]


def read_floors() -> Floors:
    """The floors as they are now."""
    return Floors(**dict(RetentionFloor.objects.values_list("kind", "start")))


def hold_floors(*, to_move: bool = False) -> Floors:
    """The floors, which stay where they are until the transaction ends.

    Many may hold them at once; only one may hold them to move them. SQLite has one writer, so nothing to lock.
    """
    _hold(FLOORS_LOCK, alone=to_move)
    return read_floors()


def hold_references(*, to_set: bool = False) -> None:
    """Keep the references of versions as they are until the transaction ends, or be the only one who holds them.

    A reference then gets its place in the ingest sequence while no drain folds: every prediction from there on is folded
    by it, none before.
    """
    _hold(REFERENCES_LOCK, alone=to_set)


def _hold(lock: int, *, alone: bool) -> None:
    if connection.vendor == "postgresql":
        function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [lock])
