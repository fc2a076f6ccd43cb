"""`manage.py reprice`: price past LLM calls again by the books as they are now; without --apply only say what would change."""

from typing import Any

from django.core.management.base import CommandParser

from config.past_calls import add_range, run_to_end
from config.terminal import Spoken
from models_registry.models import Job
from monitoring.prices.reprice import start_reprice
from monitoring.stats.usage import NANO


class Command(Spoken):
    """Starts the job and works on it until it has ended; workers may help."""

    help = "Price past LLM calls again; without --apply only report the difference."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose calls, since when, and whether to change them."""
        add_range(parser)
        parser.add_argument("--apply", action="store_true", help="change the calls, not only report")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run it to its end and print the difference by model and price."""
        job = run_to_end(start_reprice, options, dry_run=not options["apply"])
        if options["json"]:
            self.say_json({"job": job.pk, "applied": options["apply"], **job.report})
        else:
            self._tell(job, applied=options["apply"])

    def _tell(self, job: Job, *, applied: bool) -> None:
        report = job.report
        for line in report["lines"]:
            prices = f"{line['old_price'] or 'unpriced'} -> {line['new_price']}"
            money = f"{line['old_nano'] / NANO:.9f} -> {line['new_nano'] / NANO:.9f} USD"
            self.stdout.write(f"{line['model']}: {prices}: {line['calls']} calls, {money}")
        if report["gone_before"]:
            self.stdout.write(f"Calls before {report['gone_before']} are past their time and stay as they are.")
        done = "changed" if applied else "would change; --apply changes them"
        self.stdout.write(
            f"{report['seen']} calls, {report['changed']} {done} ({report['priced']} had no price): "
            f"{report['old_nano'] / NANO:.9f} -> {report['new_nano'] / NANO:.9f} USD (job {job.pk})"
        )
