"""`manage.py reference`: give a version its reference from a file of training data, CSV or Parquet."""

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.terminal import Spoken
from lib import clock
from models_registry.models import ModelVersion
from monitoring.drift.references import borrow, freeze, set_reference
from monitoring.drift.training import FileError, read_rows
from monitoring.models import Reference
from monitoring.stats.profile import Profile, ProfileError
from monitoring.stats.sample import Sample, sample_of

SHOWN = 8


class Command(Spoken):
    """One column per feature; `prediction`, `score`, `scores.CLASS` and `label` are no features but what was answered and true."""

    help = "Set the reference of a model's version from a CSV or Parquet file of training data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose it is and where the rows are."""
        parser.add_argument("project", help="slug of the project")
        parser.add_argument("model", help="slug of the model")
        parser.add_argument("model_version", help="version of the model")
        parser.add_argument(
            "file", type=Path, nargs="?", help="CSV in UTF-8 whose first line names the columns, or .parquet"
        )
        parser.add_argument("--from-version", help="no file, but the inputs of another version's reference")
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
        if (options["file"] is None) == (options["from_version"] is None):
            raise CommandError("Give either a file of training data or --from-version.")
        profile, sample = _borrowed(version, options) if options["from_version"] else _read(version, options)
        origin = Reference.Origin.VERSION if options["from_version"] else Reference.Origin.ROWS
        kept = None if options["no_rows"] else sample
        found = set_reference(version, profile, origin=origin, now=clock.now(), sample=kept)
        if options["json"]:
            document = {"version": str(version), "rows": found.rows, "layout": found.layout}
            self.say_json({**document, "features": [feature.name for feature in profile.features]})
            return
        names = ", ".join(feature.name for feature in profile.features[:SHOWN])
        self.stdout.write(f"{version}: {found.rows} rows, {len(profile.features)} features ({names}), {found.layout}")


def _read(version: ModelVersion, options: dict[str, Any]) -> tuple[Profile, Sample | None]:
    """From the file."""
    try:
        categorical = _names(options["categorical"])
        rows = read_rows(options["file"], ignored=set(_names(options["ignore"])), texts=set(categorical))
        sample = sample_of(rows)
        return freeze(version, sample, categorical=categorical), sample
    except (OSError, UnicodeDecodeError, csv.Error, FileError, ProfileError) as error:
        message = f"{options['file']}: {error}"
        raise CommandError(message) from error


def _borrowed(version: ModelVersion, options: dict[str, Any]) -> tuple[Profile, Sample | None]:
    """From another version of the model."""
    lender = Reference.objects.filter(version__model=version.model_id, version__version=options["from_version"]).first()
    if lender is None:
        message = f"Version {options['from_version']} of this model has no reference to borrow."
        raise CommandError(message)
    try:
        return borrow(lender)
    except ProfileError as error:
        message = f"Version {options['from_version']}: {error}"
        raise CommandError(message) from error


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
