"""`manage.py reference`: give a version its reference from a CSV file of training data."""

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lib import clock
from models_registry.models import ModelVersion
from monitoring.models import Reference
from monitoring.references import profile_of_rows, set_reference
from monitoring.stats.profile import ProfileError

SHOWN = 8


class Command(BaseCommand):
    """One column per feature, the first line names them; empty cells are null."""

    help = "Set the reference of a model's version from a CSV file of training data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose it is and where the rows are."""
        parser.add_argument("project", help="slug of the project")
        parser.add_argument("model", help="slug of the model")
        parser.add_argument("model_version", help="version of the model")
        parser.add_argument("file", type=Path, help="CSV in UTF-8; the first line names the features")
        parser.add_argument(
            "--categorical", default="", help="features that are categories though they look like numbers"
        )
        parser.add_argument("--ignore", default="", help="columns that are no features, such as the label")

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
            rows = _read(options["file"], ignored=set(_names(options["ignore"])), texts=set(categorical))
            profile = profile_of_rows(rows, categorical=categorical)
        except (OSError, UnicodeDecodeError, csv.Error, ProfileError) as error:
            message = f"{options['file']}: {error}"
            raise CommandError(message) from error
        found = set_reference(version, profile, origin=Reference.Origin.ROWS, now=clock.now())
        names = ", ".join(feature.name for feature in profile.features[:SHOWN])
        self.stdout.write(f"{version}: {found.rows} rows, {len(profile.features)} features ({names}), {found.layout}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _read(path: Path, *, ignored: set[str], texts: set[str]) -> list[dict[str, Any]]:
    """The rows, numbers as numbers where a whole column reads as such and is not in `texts`, where 01310 stays 01310."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        rows = [{name: cell for name, cell in row.items() if name and name not in ignored} for row in reader]
    for name in rows[0] if rows else ():
        read = [_number(row[name]) for row in rows]
        if name not in texts and all(value is None or isinstance(value, float) for value in read):
            for row, value in zip(rows, read, strict=True):
                row[name] = value
        else:
            for row in rows:
                row[name] = row[name] or None
    return rows


def _number(cell: str | None) -> float | str | None:
    if not cell or not cell.strip():
        return None
    try:
        return float(cell)
    except ValueError:
        return cell
