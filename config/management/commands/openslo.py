"""`manage.py openslo`: objectives as OpenSLO v1, and OpenSLO files as definitions."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.interchange.openslo_export import openslo_documents
from config.interchange.openslo_import import Here, read_openslo
from config.interchange.openslo_read import OpenSLOError, read_objects
from config.interchange.yaml import UnreadableError, dump, dump_all, read_all
from config.named import project_named
from config.terminal import Spoken
from models_registry.models import Model, Project
from monitoring.models import SLO, Correction
from monitoring.slo.indicators import INDICATORS


class Command(Spoken):
    """Out, or with files in."""

    help = (
        "Print the SLOs of a project as OpenSLO v1; with FILES, print what they define as definitions for `manage.py apply`. "
        "What had to be guessed is told on standard error."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """A project, and perhaps files that may refer to each other."""
        parser.add_argument("--project", required=True, help="slug of the project")
        parser.add_argument("--model", default="", help="the model that the SLOs are about, instead of their service")
        parser.add_argument(
            "--indicator",
            action="append",
            default=[],
            metavar="NAME=SLI",
            help="what an indicator of another source is here",
        )
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="FILE", help="OpenSLO files to read; without, write one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """YAML on standard output, warnings on standard error."""
        project = project_named(options["project"])
        indicators = _indicators(options["indicator"])
        if not options["files"]:
            self._write(project, as_json=options["json"])
            return
        models = frozenset(Model.objects.filter(project=project).values_list("slug", flat=True))
        here = Here(project.slug, models, indicators, options["model"])
        try:
            found = read_openslo(read_objects([one for path in options["files"] for one in read_all(path)]), here)
        except UnreadableError as error:
            raise CommandError(str(error)) from error
        except OpenSLOError as error:
            message = f"nothing was read:\n{error}"
            raise CommandError(message) from error
        for warning in found.warnings:
            self.stderr.write(f"warning: {warning}")
        if options["json"]:
            self.say_json(found.document)
        else:
            self.stdout.write(dump(found.document))

    def _write(self, project: Project, *, as_json: bool) -> None:
        """All of its SLOs; what has no words there is told."""
        slos = SLO.objects.filter(project=project).select_related("project", "model").order_by("slug")
        documents = list(openslo_documents(slos))
        left_out = Correction.objects.filter(project=project, withdrawn_at=None).count()
        if left_out:
            self.stderr.write(
                f"warning: corrections are left out ({left_out}): OpenSLO has no words for what a budget does not count; "
                "`manage.py export` writes them"
            )
        if as_json:
            self.say_json(documents)
        else:
            self.stdout.write(dump_all(documents))


def _indicators(given: list[str]) -> dict[str, str]:
    found = {}
    for text in given:
        name, _, sli = text.partition("=")
        if sli not in INDICATORS:
            message = f"--indicator {text}: {sli!r} is none of {', '.join(INDICATORS)}"
            raise CommandError(message)
        found[name] = sli
    return found
