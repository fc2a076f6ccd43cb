"""`manage.py prepare`: what `up` does before it starts, for those who run the processes by other means."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.prepare import prepare


class Command(BaseCommand):
    """Tables, groups, first administrator."""

    requires_system_checks = ()  # run once the tables are there, see `config.prepare`
    help = "Migrate, bring the groups up to date and create the first administrator."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say who may log in; a password that was made here is shown this once."""
        made = prepare(demo=settings.DEMO)
        self.stdout.write(f"user {made.username}, password {made.password}" if made else "log in with your own account")
