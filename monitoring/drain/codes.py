"""Numbers for names: series ids and class codes, looked up in bulk and given once."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from models_registry.models import Model, ModelVersion
from monitoring.drain.fold import Slot
from monitoring.models import Category, Series
from monitoring.stats.layouts import MAX_CLASSES, PAST_CAP

CLASS = "class"


class SeriesName(NamedTuple):
    """What identifies a series written by the drain."""

    version_id: int
    environment: str
    slot: Slot


class Owner(NamedTuple):
    """Whose a version is."""

    model_id: int
    project_id: int


def owners(version_ids: Collection[int]) -> dict[int, Owner]:
    """Model and project of each version."""
    rows = ModelVersion.objects.filter(id__in=version_ids).values_list("id", "model_id", "model__project_id")
    return {version_id: Owner(model_id, project_id) for version_id, model_id, project_id in rows}


def series_ids(names: Collection[SeriesName], owned: dict[int, Owner], *, create: bool = True) -> dict[SeriesName, int]:
    """The id of each series, made where it is missing."""
    found = _read_series({name.version_id for name in names})
    missing = sorted(set(names) - found.keys())
    if missing and create:
        Series.objects.bulk_create(
            [
                Series(
                    project_id=owned[name.version_id].project_id,
                    version_id=name.version_id,
                    environment=name.environment,
                    **name.slot._asdict(),
                )
                for name in missing
            ],
            ignore_conflicts=True,
        )
        found |= _read_series({name.version_id for name in missing})
    return found


def _read_series(version_ids: Collection[int]) -> dict[SeriesName, int]:
    rows = Series.objects.filter(version_id__in=version_ids, segment="").values_list(
        "id", "version_id", "environment", "metric", "key", "layout"
    )
    return {SeriesName(version, env, Slot(*slot)): series_id for series_id, version, env, *slot in rows}


class Classes:
    """Class codes of models: 1 to MAX_CLASSES in the order of first sight, then PAST_CAP for everything new."""

    def __init__(self, seen: Collection[tuple[int, str]], *, create: bool = True) -> None:
        self._codes = _read_codes({model_id for model_id, _ in seen})
        unseen: defaultdict[int, list[str]] = defaultdict(list)
        for model_id, value in sorted(set(seen)):
            if value not in self._codes[model_id]:
                unseen[model_id].append(value)
        if create:
            for model_id, values in unseen.items():
                self._give(model_id, values)

    def code(self, model_id: int, value: str) -> int:
        """The code of a class of a model."""
        return self._codes[model_id].get(value, PAST_CAP)

    def _give(self, model_id: int, values: list[str]) -> None:
        """Give codes to new classes; the model's row is the lock on them."""
        if len(self._codes[model_id]) >= MAX_CLASSES:
            return
        if connection.vendor == "postgresql":
            Model.objects.select_for_update(no_key=True).get(id=model_id)
        codes = _read_codes([model_id])[model_id]
        new = [value for value in values if value not in codes][: MAX_CLASSES - len(codes)]
        first = max(codes.values(), default=0) + 1
        codes |= {value: first + place for place, value in enumerate(new)}
        Category.objects.bulk_create(
            [Category(model_id=model_id, field=CLASS, code=codes[value], value=value) for value in new]
        )
        self._codes[model_id] = codes


def _read_codes(model_ids: Collection[int]) -> defaultdict[int, dict[str, int]]:
    codes: defaultdict[int, dict[str, int]] = defaultdict(dict)
    rows = Category.objects.filter(model_id__in=model_ids, field=CLASS).values_list("model_id", "value", "code")
    for model_id, value, code in rows:
        codes[model_id][value] = code
    return codes
