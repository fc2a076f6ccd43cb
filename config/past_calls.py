"""What commands that work past calls out again have in common: whose, of when, and a job that is worked on until it has ended."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.named import moment_named, project_named
from lib import clock
from models_registry.jobs import run_jobs
from models_registry.models import Job
from monitoring.drain.past_calls import RangeError


def add_range(parser: CommandParser) -> None:
    """Whose calls, and of when."""
    parser.add_argument("--project", required=True, help="slug of the project")
    parser.add_argument("--start", type=moment_named, required=True, help="RFC 3339, with offset")
    parser.add_argument("--end", type=moment_named, help="RFC 3339, with offset; now unless given")


def run_to_end(start_job: Callable[..., Job], options: dict[str, Any], **more: Any) -> Job:
    """The job that `start_job` makes of the range, done; workers may help. `CommandError` where it could not be."""
    now = clock.now()
    try:
        job = start_job(
            project_named(options["project"]), start=options["start"], end=options["end"] or now, now=now, **more
        )
    except RangeError as error:
        raise CommandError(str(error).replace("`to`", "--end").replace("`from`", "--start")) from error
    while job.is_open:
        run_jobs(now=now)
        job.refresh_from_db()
    if job.state != Job.State.DONE:
        message = f"{job} {job.state}: {job.error}"
        raise CommandError(message)
    return job
