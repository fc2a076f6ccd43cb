"""The whole schedule as one dict, and how Celery treats its messages: losing every one of them loses nothing."""

from typing import Any

from config.stages import STAGES

SCHEDULE: dict[str, dict[str, Any]] = {
    stage.name: {
        "task": "atalaia.stage",
        "args": [stage.name],
        "schedule": stage.every,
        "options": {"expires": stage.every},
    }
    for stage in STAGES
}

CELERY: dict[str, Any] = {
    "beat_schedule": SCHEDULE,
    "beat_max_loop_interval": 5,
    "broker_connection_retry_on_startup": True,
    # kombu looks for lost messages every interval × throttle seconds. A task lasts at most 30 s, so after a minute
    # without an answer it is handed out again.
    "broker_transport_options": {
        "visibility_timeout": 60,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    },
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
