"""`manage.py prepare`: what `up` does before it starts, for those who run the processes by other means."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.prepare import prepare


class Command(BaseCommand):
    """Tables, groups, first administrator."""

    help = "Migrate, bring the groups up to date and create the first administrator."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the password, if one was made."""
        made = prepare(demo=settings.DEMO)
        if made:
            self.stdout.write(f"user {made.username}, password {made.password}")
