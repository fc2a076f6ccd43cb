"""`manage.py doctor`: is everything there, does it move, and what mends it if not?"""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.doctor.examine import examine
from config.doctor.finding import Finding, State
from config.terminal import Spoken, plain
from lib import clock


class Command(Spoken):
    """A line for each thing, with the mend below it; ends with 1 if something does not work."""

    requires_system_checks = ()  # the doctor looks at them, and must come up where they fail
    help = "Look at the database, the pipeline, mail, channels and the disk; say what is wrong and what mends it."

    def add_arguments(self, parser: CommandParser) -> None:
        """How strict."""
        parser.add_argument("--strict", action="store_true", help="End with 1 on warnings too.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Everything, then the verdict."""
        found = examine(real_now=clock.real_now())
        worst = [one for one in found if one.state == State.FAIL or (options["strict"] and one.state == State.WARN)]
        if options["json"]:
            self.say_json({"ok": not worst, "findings": [asdict(one) for one in found]})
        else:
            for one in found:
                self._tell(one)
        if worst:
            names = ", ".join(dict.fromkeys(one.name for one in worst))
            raise CommandError(f"needs mending: {names}", returncode=1)

    def _tell(self, one: Finding) -> None:
        style = {State.OK: self.style.SUCCESS, State.WARN: self.style.WARNING, State.FAIL: self.style.ERROR}[one.state]
        self.stdout.write(f"{style(f'{one.state:4}')}  {one.name:12}  {plain(one.says)}")
        if one.mend:
            self.stdout.write(f"{'':18}  → {plain(one.mend)}")
