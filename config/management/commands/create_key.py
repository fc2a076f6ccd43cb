"""`manage.py create_key --project P --scopes ingest,read`: a program's key, printed once."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_slug

from config.named import UNKNOWN
from config.terminal import Spoken
from models_registry.keys import ScopeError, create_key
from models_registry.models import ApiKey, Project


def slug(text: str) -> str:
    """The argument, if it can be a project's slug."""
    try:
        validate_slug(text)
    except ValidationError as error:
        message = f"{text!r} is not a slug: letters, digits, - and _ only"
        raise ArgumentTypeError(message) from error
    return text


class Command(Spoken):
    """Make a key and print it alone on the last line, so that a script can read it."""

    help = "Create an API key for a project; the key is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Scopes are comma-separated."""
        parser.add_argument("--project", required=True, type=slug, help="slug of the project; made where there is none")
        parser.add_argument("--scopes", default="ingest,read", help=f"any of {','.join(ApiKey.Scope.values)}")
        parser.add_argument("--name", default="command line", help="who will use it")

    def handle(self, *args: Any, **options: Any) -> None:
        """The key, after a line on standard error that says what was made."""
        name = options["project"]
        project, made = Project.objects.get_or_create(slug=name, defaults={"name": name})
        if made:
            self.stderr.write(f"There was no project {name}; it exists now.")
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            key, token = create_key(project=project, name=options["name"], scopes=scopes)
        except ScopeError as error:
            raise CommandError(str(error), returncode=UNKNOWN) from error
        self.stderr.write(f"Key {key.prefix} of project {project.slug}: {', '.join(key.scopes)}. Shown this once:")
        if options["json"]:
            document = {"project": project.slug, "prefix": key.prefix, "name": key.name}
            self.say_json({**document, "scopes": list(key.scopes), "key": token})
        else:
            self.stdout.write(token)
