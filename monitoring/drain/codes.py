"""Numbers for names: series ids and class codes, looked up in bulk and given once."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from models_registry.models import Model, ModelVersion
from monitoring.drain.fold import Slot
from monitoring.drain.sql import fetch_any
from monitoring.models import Category, Series
from monitoring.selectors.segments import FIELD as SEGMENT
from monitoring.stats.layouts import MAX_CLASSES, MAX_PATTERNS, MAX_WORDS, PAST_CAP, PATTERNS
from monitoring.stats.segments import cap_of

OWNERS = f"""
    SELECT v.id, v.model_id, m.project_id
    FROM {ModelVersion._meta.db_table} v JOIN {Model._meta.db_table} m ON m.id = v.model_id"""
CLASS = "class"  # the field of decisions and labels


class SeriesName(NamedTuple):
    """What identifies a series written by the drain."""

    version_id: int
    environment: str
    segment: str
    slot: Slot


class Owner(NamedTuple):
    """Whose a version is."""

    model_id: int
    project_id: int


def owners(version_ids: Collection[int]) -> dict[int, Owner]:
    """Model and project of each version."""
    rows = fetch_any(OWNERS, "v.id", "bigint", sorted(version_ids))
    return {version_id: Owner(model_id, project_id) for version_id, model_id, project_id in rows}


def series_ids(names: Collection[SeriesName], owned: dict[int, Owner], *, create: bool = True) -> dict[SeriesName, int]:
    """The id of each series, made where it is missing."""
    found = _read_series(names)
    missing = sorted(set(names) - found.keys())
    if missing and create:
        Series.objects.bulk_create(
            [
                Series(
                    project_id=owned[name.version_id].project_id,
                    version_id=name.version_id,
                    environment=name.environment,
                    segment=name.segment,
                    **name.slot._asdict(),
                )
                for name in missing
            ],
            ignore_conflicts=True,
        )
        found |= _read_series(missing)
    return found


def _read_series(names: Collection[SeriesName]) -> dict[SeriesName, int]:
    """The series of these versions and segments; a model may have thousands of segments that are not asked for."""
    rows = Series.objects.filter(
        version_id__in={name.version_id for name in names}, segment__in={name.segment for name in names}
    ).values_list("id", "version_id", "environment", "segment", "metric", "key", "layout")
    return {
        SeriesName(version, env, segment, Slot(*slot)): series_id for series_id, version, env, segment, *slot in rows
    }


class Word(NamedTuple):
    """A value that has a code: a class (field `class`), a word of a metric (field = the metric), a segment's value."""

    model_id: int
    field: str
    value: str


class Codes:
    """Codes of words of models: 1 to the field's cap in the order of first sight, then PAST_CAP for everything new."""

    def __init__(self, seen: Collection[Word], *, create: bool = True) -> None:
        self._codes = _read_codes({word.model_id for word in seen})
        unseen: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
        for word in sorted(set(seen)):
            if word not in self._codes:
                unseen[word.model_id, word.field].append(word.value)
        if create:
            for (model_id, field), values in unseen.items():
                self._give(model_id, field, values)

    def code(self, word: Word) -> int:
        """The code of a word of a model."""
        return self._codes.get(word, PAST_CAP)

    def _give(self, model_id: int, field: str, values: list[str]) -> None:
        """Give codes to new words; the model's row is the lock on them."""
        cap = _cap(field)
        if _count(self._codes, field, model_id) >= cap:
            return
        if connection.vendor == "postgresql":
            Model.objects.select_for_update(no_key=True).get(id=model_id)
        codes = _read_codes([model_id])
        taken = [code for word, code in codes.items() if word.field == field]
        words = [Word(model_id, field, value) for value in values]
        new = [word for word in words if word not in codes][: cap - len(taken)]
        given = {word: code for code, word in enumerate(new, start=max(taken, default=0) + 1)}
        Category.objects.bulk_create(
            [Category(model_id=model_id, field=field, code=code, value=word.value) for word, code in given.items()]
        )
        self._codes |= codes | given


def _cap(field: str) -> int:
    if field.startswith(SEGMENT):
        return cap_of(field.removeprefix(SEGMENT))
    return {CLASS: MAX_CLASSES, PATTERNS: MAX_PATTERNS}.get(field, MAX_WORDS)


def _count(codes: Collection[Word], field: str, model_id: int) -> int:
    return sum(word.field == field and word.model_id == model_id for word in codes)


def _read_codes(model_ids: Collection[int]) -> dict[Word, int]:
    rows = Category.objects.filter(model_id__in=model_ids).values_list("model_id", "field", "value", "code")
    return {Word(model_id, field, value): code for model_id, field, value, code in rows}
