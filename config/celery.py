"""Celery as ticker and muscle: the whole schedule is one dict, and losing every message loses nothing."""

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import broker
from config.stages import STAGES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

SCHEDULE = {
    stage.name: {
        "task": "atalaia.stage",
        "args": [stage.name],
        "schedule": stage.every,
        "options": {"expires": stage.every},
    }
    for stage in STAGES
}

app = Celery("atalaia", include=["config.tasks"])
app.conf.update(
    broker_url=broker.celery_url(),
    broker_connection_retry_on_startup=True,
    # kombu looks for lost messages every interval × throttle seconds. A task lasts at most 30 s, so after a minute
    # without an answer it is handed out again.
    broker_transport_options={"visibility_timeout": 60, "unacked_restore_interval": 10, "unacked_restore_throttle": 1},
    beat_schedule=SCHEDULE,
    beat_max_loop_interval=5,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    timezone="UTC",
)
app.steps["worker"].add(DjangoStructLogInitStep)
