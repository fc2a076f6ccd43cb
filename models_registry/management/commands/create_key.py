"""`manage.py create_key --project P --scopes ingest,read`: a program's key, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models_registry.keys import ScopeError, create_key
from models_registry.models import ApiKey, Project


class Command(BaseCommand):
    """Make a key and print it alone on the last line, so that a script can read it."""

    help = "Create an API key for a project; the key is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The project must exist; scopes are comma-separated."""
        parser.add_argument("--project", required=True, help="slug of the project")
        parser.add_argument("--scopes", default="ingest,read", help=f"any of {','.join(ApiKey.Scope.values)}")
        parser.add_argument("--name", default="command line", help="who will use it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Nothing else is created: a missing project is an error that says which ones there are."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            there = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
            message = f"There is no project {options['project']!r} (there are: {there}). Create it in the panel first."
            raise CommandError(message)
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            key, token = create_key(project=project, name=options["name"], scopes=scopes)
        except ScopeError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Key {key.prefix} of project {project.slug}: {', '.join(key.scopes)}. Shown this once:")
        self.stdout.write(token)
