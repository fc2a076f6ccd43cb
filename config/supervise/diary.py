"""What the supervisor tells the database about its children, so that the panel can say what was restarted."""

import structlog
from django.db import DatabaseError, close_old_connections, connection, transaction

from config.supervise.child import Child
from lib.clock import real_now
from monitoring.models import ProcessState
from monitoring.storage.turn import write_turn

TELL_AFTER = 5  # tries, a second apart: a busy moment is no news
logger = structlog.get_logger(__name__)
State = ProcessState.State


class Diary:
    """Keeps one row per child; a database that does not answer is logged and never stops the supervisor."""

    def __init__(self) -> None:
        self._restarts: dict[str, int] = {}
        self._failures = 0

    def write(self, children: list[Child]) -> bool:
        """Bring the rows in step with the children, and drop those of an earlier shape; False: try again soon."""
        self._log_restarts(children)
        try:
            close_old_connections()
            _be_impatient()
            with write_turn(), transaction.atomic():
                for child in children:
                    ProcessState.objects.update_or_create(name=child.plan.name, defaults=_row(child))
                ProcessState.objects.exclude(name__in=[child.plan.name for child in children]).delete()
        except DatabaseError as error:
            self._failures += 1
            if self._failures >= TELL_AFTER:
                logger.warning("process_states_not_written", tries=self._failures, error=str(error))
            return False
        self._failures = 0
        return True

    def _log_restarts(self, children: list[Child]) -> None:
        for child in children:
            if child.restarts > self._restarts.get(child.plan.name, 0):
                self._restarts[child.plan.name] = child.restarts
                logger.warning("process_restarted", process=child.plan.name, pid=child.pid, reason=child.last_exit)


def _be_impatient() -> None:
    """A supervisor that waits for a lock restarts nobody meanwhile."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 300")


def _row(child: Child) -> dict[str, object]:
    return {
        "state": _state(child),
        "pid": child.pid,
        "started_at": child.started_at,
        "restarts": child.restarts,
        "last_restart_at": child.last_restart_at,
        "last_exit": child.last_exit,
        "seen_at": real_now(),
    }


def _state(child: Child) -> State:
    if child.process:
        return State.RUNNING
    if child.done:
        return State.DONE
    if child.stopped:
        return State.STOPPED
    return State.RESTARTING if child.last_exit else State.WAITING
