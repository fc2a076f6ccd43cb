"""The one Celery task: run the stages of these names, one after the other."""

import sys

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from config.celery import app
from config.perform import run_while_busy
from config.stages import STAGES
from lib import clock

sys.setswitchinterval(settings.TASK_SWITCH_INTERVAL)
BY_NAME = {stage.name: stage for stage in STAGES}
logger = structlog.get_logger(__name__)


@app.task(name="atalaia.stage")  # type: ignore[untyped-decorator]  # celery has no types
def stages(*names: str) -> None:
    """A message of beat; two of them at once are harmless, a lost one is replaced by the next."""
    for name in names:
        close_old_connections()  # one that broke: the task before may have left it to us
        try:
            run_while_busy(BY_NAME[name], now=clock.now)
        except DatabaseError:  # of the clock or of the record; what follows is not its fault
            logger.exception("stage_not_recorded", stage=name)
