"""`manage.py export --project P`: the definitions of a project, as `manage.py apply` reads them."""

from typing import Any

from django.core.management.base import CommandParser

from config.definitions.export import export
from config.interchange.yaml import dump
from config.named import project_named
from config.terminal import Spoken


class Command(Spoken):
    """One document."""

    help = "Print the definitions of a project as YAML that `manage.py apply` reads; secrets stay here, and what else is left out is told."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which project."""
        parser.add_argument("--project", required=True, help="slug of the project")

    def handle(self, *args: Any, **options: Any) -> None:
        """YAML on standard output, what it lacks on standard error."""
        project = project_named(options["project"])
        found = export(project)
        for warning in found.warnings:
            self.stderr.write(f"warning: {warning}")
        if options["json"]:
            self.say_json(found.document)
        else:
            self.stdout.write(dump(found.document))
