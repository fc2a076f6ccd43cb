"""`manage.py prometheus_rules`: objectives as Prometheus rules, and rule files as definitions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from config.interchange.prometheus_export import prometheus_rules
from config.interchange.prometheus_import import read_rule_file
from config.interchange.rule_file import RuleFileError
from config.interchange.yaml import UnreadableError, dump, read_all
from config.named import project_named
from config.terminal import Spoken
from models_registry.models import Project
from monitoring.models import SLO
from runbooks.models import Runbook


class Command(Spoken):
    """Out, or with a file in."""

    help = (
        "Print the SLOs of a project as recording and alerting rules for Prometheus; with FILE, print what a rule file asks of "
        "this panel's series as definitions for `manage.py apply`. What could not be said is told on standard error."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """A project, and perhaps a file."""
        parser.add_argument("--project", required=True, help="slug of the project")
        parser.add_argument(
            "file", nargs="?", type=Path, metavar="FILE", help="a rule file to read; without it, write one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """YAML on standard output, warnings on standard error."""
        project = project_named(options["project"])
        slos = list(SLO.objects.filter(project=project).select_related("project", "model").order_by("slug"))
        if options["file"] is None:
            exported = prometheus_rules(slos, runbooks=runbook_urls(project))
            document, warnings = exported.document, exported.warnings
        else:
            targets = {slo.slug: slo.target for slo in slos}
            try:
                found = read_rule_file(_only(read_all(options["file"])), project=project.slug, targets=targets)
            except UnreadableError as error:
                raise CommandError(str(error)) from error
            except RuleFileError as error:
                message = f"{options['file']}: {error}"
                raise CommandError(message) from error
            document, warnings = found.document, found.warnings
        for warning in warnings:
            self.stderr.write(f"warning: {warning}")
        if options["json"]:
            self.say_json(document)
        else:
            self.stdout.write(dump(document))


def _only(documents: list[object]) -> object:
    """A rule file is one document."""
    if len(documents) > 1:
        message = "more than one YAML document: a rule file is one"
        raise RuleFileError(message)
    return documents[0] if documents else None


def runbook_urls(project: Project) -> Mapping[int, str]:
    """The first runbook of each rule, by the rule's id."""
    pairs = Runbook.objects.filter(project=project, rules__isnull=False).order_by("-slug").values_list("rules", "slug")
    return {rule: f"{settings.PUBLIC_URL}/p/{project.slug}/runbooks/{slug}/" for rule, slug in pairs}
