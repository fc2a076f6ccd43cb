"""The one Celery task: run the stage of this name."""

import sys

from django.conf import settings

from config.celery import app
from config.perform import run_while_busy
from config.stages import STAGES
from lib import clock

sys.setswitchinterval(settings.TASK_SWITCH_INTERVAL)
BY_NAME = {stage.name: stage for stage in STAGES}


@app.task(name="atalaia.stage")  # type: ignore[untyped-decorator]  # celery has no types
def stage(name: str) -> None:
    """A message of beat; two of them at once are harmless, a lost one is replaced by the next."""
    run_while_busy(BY_NAME[name], now=clock.now)
