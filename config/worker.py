"""A worker, by `python -m config.worker NAME`: `celery -A config.celery worker` without 9 MB of its command line."""

import logging
import sys
from socket import gethostname

from django.conf import settings

from config.celery import app


def main(name: str) -> int:
    """Work until stopped; the exit code. One thread works in the main one."""
    worker = app.Worker(
        hostname=f"{name}@{gethostname()}",
        pool_cls="solo" if settings.TASK_THREADS == 1 else "threads",
        concurrency=settings.TASK_THREADS,
        loglevel=logging.WARNING,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
