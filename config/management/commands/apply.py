"""`manage.py apply FILE.yml`: definitions from a file, as often as you like."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.definitions.apply import Change, Writer
from config.definitions.document import DefinitionError, read_document
from lib import clock


class Command(BaseCommand):
    """All of the file, or nothing."""

    help = "Create or update models, SLOs, rules, channels and runbooks from a YAML file; what it omits stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """The files, in order."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.yml")
        parser.add_argument("--dry-run", action="store_true", help="Say what would change, and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line per definition."""
        for path in options["files"]:
            try:
                changes = Writer(path, read_document(path), clock.now()).write(dry_run=options["dry_run"])
            except DefinitionError as error:
                message = f"nothing was written:\n{error}"
                raise CommandError(message) from error
            for change in changes:
                fields = f" ({', '.join(change.fields)})" if change.action == "changed" else ""
                self.stdout.write(f"{change.action} {change.path}{fields}")
                if options["dry_run"]:
                    self._differences(change)
            if options["dry_run"]:
                self.stdout.write("dry run: nothing was written")

    def _differences(self, change: Change) -> None:
        """What every field was, and what it would be."""
        for name, (before, after) in change.values.items():
            self.stdout.write(
                f"    + {name}: {after}" if change.action == "created" else f"    {name}: {before} → {after}"
            )
