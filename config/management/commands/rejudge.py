"""`manage.py rejudge`: judge the answers of past LLM calls again by the evaluators as they are now."""

from typing import Any

from django.core.management.base import CommandParser

from config.past_calls import add_range, run_to_end
from config.terminal import Spoken
from monitoring.quality.rejudge import start_rejudge


class Command(Spoken):
    """Starts the job and works on it until it has ended; workers may help."""

    help = "Judge the answers of past LLM calls again by the evaluators as they are now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose calls, and of when."""
        add_range(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run it to its end and tell how many calls are judged otherwise."""
        job = run_to_end(start_rejudge, options)
        if options["json"]:
            self.say_json({"job": job.pk, **job.report})
            return
        if job.report["gone_before"]:
            self.stdout.write(f"Calls before {job.report['gone_before']} are past their time and stay as they are.")
        self.stdout.write(f"{job.report['seen']} calls, {job.report['changed']} judged otherwise (job {job.pk})")
