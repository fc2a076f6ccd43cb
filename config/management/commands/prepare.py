"""`manage.py prepare`: what `up` does before it starts, for those who run the processes by other means."""

from typing import Any

from django.conf import settings

from config.prepare import prepare, who_may_log_in
from config.terminal import Spoken


class Command(Spoken):
    """Tables, groups, first administrator."""

    requires_system_checks = ()  # run once the tables are there, see `config.prepare`
    help = "Migrate, bring the groups up to date and create the first administrator."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say who may log in."""
        told = who_may_log_in(prepare(demo=settings.DEMO))
        if options["json"]:
            self.say_json({"login": told})
        else:
            self.stdout.write(told)
