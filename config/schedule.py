"""The whole schedule as one dict, and how Celery treats its messages: losing every one of them loses nothing.

Stages of one interval travel in one message, in the order of the pipeline: to carry a message costs as much as most
stages cost when there is nothing to do.
"""

from itertools import groupby
from operator import attrgetter
from typing import Any

from config.stages import STAGES

SCHEDULE: dict[str, dict[str, Any]] = {
    f"every {every} s": {
        "task": "atalaia.stage",
        "args": [stage.name for stage in stages],
        "schedule": every,
        "options": {"expires": every},
    }
    for every, stages in groupby(sorted(STAGES, key=attrgetter("every")), key=attrgetter("every"))
}

CELERY: dict[str, Any] = {
    "beat_schedule": SCHEDULE,
    "beat_scheduler": "config.static_schedule:StaticScheduler",
    "beat_max_loop_interval": 5,
    "broker_connection_retry_on_startup": True,
    # kombu looks for lost messages every interval × throttle seconds. A task lasts at most 30 s, so after a minute
    # without an answer it is handed out again.
    "broker_transport_options": {
        "visibility_timeout": 60,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    },
    # Celery opens a connection for each task, unless told otherwise (under this name only). After about a minute of
    # tasks it is opened anew, which gives back what a busy moment left in SQLite's cache.
    "CELERY_DB_REUSE_MAX": 60,
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
    "worker_enable_remote_control": False,
    "timezone": "UTC",
}
