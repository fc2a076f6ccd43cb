"""`manage.py rejudge`: judge the answers of past LLM calls again by the evaluators as they are now."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.named import moment_named, project_named
from config.terminal import Spoken
from lib import clock
from models_registry.jobs import run_jobs
from models_registry.models import Job
from monitoring.drain.past_calls import RangeError
from monitoring.quality.rejudge import start_rejudge


class Command(Spoken):
    """Starts the job and works on it until it has ended; workers may help."""

    help = "Judge the answers of past LLM calls again by the evaluators as they are now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose calls, and of when."""
        parser.add_argument("--project", required=True, help="slug of the project")
        parser.add_argument("--start", type=moment_named, required=True, help="RFC 3339, with offset")
        parser.add_argument("--end", type=moment_named, help="RFC 3339, with offset; now unless given")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run it to its end and tell how many calls are judged otherwise."""
        project = project_named(options["project"])
        now = clock.now()
        start, end = options["start"], options["end"] or now
        try:
            job = start_rejudge(project, start=start, end=end, now=now)
        except RangeError as error:
            raise CommandError(str(error).replace("`to`", "--end").replace("`from`", "--start")) from error
        while job.is_open:
            run_jobs(now=now)
            job.refresh_from_db()
        if job.state != Job.State.DONE:
            message = f"{job} {job.state}: {job.error}"
            raise CommandError(message)
        if options["json"]:
            self.say_json({"job": job.pk, **job.report})
            return
        if job.report["gone_before"]:
            self.stdout.write(f"Calls before {job.report['gone_before']} are past their time and stay as they are.")
        self.stdout.write(f"{job.report['seen']} calls, {job.report['changed']} judged otherwise (job {job.pk})")
