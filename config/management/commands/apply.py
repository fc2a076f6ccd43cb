"""`manage.py apply FILE.yml`: definitions from a file, as often as you like."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.definitions.apply import apply_document
from config.definitions.document import DefinitionError, Problem, read_document
from config.definitions.given import Change
from config.named import UNKNOWN
from config.terminal import Spoken
from lib import clock


class Command(Spoken):
    """All of the file, or nothing."""

    help = "Create or update models, SLOs, rules, channels and runbooks from a YAML file; what it omits stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """The files, in order."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.yml")
        parser.add_argument("--dry-run", action="store_true", help="Say what would change, and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line per definition."""
        told = []
        for path in options["files"]:
            try:
                changes = apply_document(path, read_document(path), now=clock.now(), dry_run=options["dry_run"])
            except DefinitionError as error:
                message = f"nothing was written:\n{error}"
                read = all(isinstance(one, Problem) for one in error.problems)
                raise CommandError(message, returncode=1 if read else UNKNOWN) from error
            told.append({"file": path, "dry_run": options["dry_run"], "changes": [_document(one) for one in changes]})
            for change in [] if options["json"] else changes:
                fields = f" ({', '.join(change.fields)})" if change.action == "changed" else ""
                self.stdout.write(f"{change.action} {change.path}{fields}")
                if options["dry_run"]:
                    self._differences(change)
            if options["dry_run"] and not options["json"]:
                self.stdout.write("dry run: nothing was written")
        if options["json"]:
            self.say_json(told)

    def _differences(self, change: Change) -> None:
        """What every field was, and what it would be."""
        for name, (before, after) in change.values.items():
            self.stdout.write(
                f"    + {name}: {after}" if change.action == "created" else f"    {name}: {before} → {after}"
            )


def _document(change: Change) -> dict[str, Any]:
    values = {name: {"before": before, "after": after} for name, (before, after) in change.values.items()}
    return {"path": change.path, "action": change.action, "fields": list(change.fields), "values": values}
