"""`manage.py reference`: give a version its reference from a file of training data, CSV or Parquet."""

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lib import clock
from models_registry.models import ModelVersion
from monitoring.models import Reference
from monitoring.references import freeze, set_reference
from monitoring.stats.profile import ProfileError
from monitoring.stats.sample import sample_of
from monitoring.training import FileError, read_rows

SHOWN = 8


class Command(BaseCommand):
    """One column per feature; `prediction`, `score`, `scores.CLASS` and `label` are no features but what was answered and true."""

    help = "Set the reference of a model's version from a CSV or Parquet file of training data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose it is and where the rows are."""
        parser.add_argument("project", help="slug of the project")
        parser.add_argument("model", help="slug of the model")
        parser.add_argument("model_version", help="version of the model")
        parser.add_argument("file", type=Path, help="CSV in UTF-8 whose first line names the columns, or .parquet")
        parser.add_argument(
            "--categorical", default="", help="features that are categories though they look like numbers"
        )
        parser.add_argument("--ignore", default="", help="columns to leave out, such as a row's id")
        parser.add_argument("--no-rows", action="store_true", help="keep histograms only, not the rows themselves")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read, freeze, say what came of it."""
        version = ModelVersion.objects.filter(
            model__project__slug=options["project"], model__slug=options["model"], version=options["model_version"]
        ).first()
        if version is None:
            message = "There is no such version: look at the project, the model and the version in the admin."
            raise CommandError(message)
        try:
            categorical = _names(options["categorical"])
            rows = read_rows(options["file"], ignored=set(_names(options["ignore"])), texts=set(categorical))
            sample = sample_of(rows)
            profile = freeze(version, sample, categorical=categorical)
        except (OSError, UnicodeDecodeError, csv.Error, FileError, ProfileError) as error:
            message = f"{options['file']}: {error}"
            raise CommandError(message) from error
        kept = None if options["no_rows"] else sample
        found = set_reference(version, profile, origin=Reference.Origin.ROWS, now=clock.now(), sample=kept)
        names = ", ".join(feature.name for feature in profile.features[:SHOWN])
        self.stdout.write(f"{version}: {found.rows} rows, {len(profile.features)} features ({names}), {found.layout}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
