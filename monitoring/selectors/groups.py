"""What models can be taken apart into: the versions of one, or the values of a segment key that all of them declare."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from models_registry.models import ModelVersion
from monitoring.models import Series
from monitoring.stats.segments import OTHER

MOST: Final = 50
VERSION: Final = "version"


class Group(NamedTuple):
    """One part: `name` is "region=south" or "version=3"."""

    name: str
    value: str
    version_id: int | None = None
    segment: str = ""


# Not taken apart.
WHOLE: Final = Group("", "")
Whose = tuple[int, ...]  # ids of models
Groups = dict[tuple[Whose, str], list[Group]]
Found = dict[Group, int]  # and its place among all


def read_groups(asked: Iterable[tuple[Whose, str]]) -> Groups:
    """Of each key of these models the newest fifty versions, or the first fifty segments by name: at most two statements.

    Several models have no version in common. Of a key they have every value that one of them has; but for what the drain calls
    other, which is something else in each.
    """
    pairs = set(asked)
    versions = _versions({model for models, key in pairs if key == VERSION for model in models})
    segments = _segments({model for models, key in pairs if key != VERSION for model in models})
    found: Groups = {}
    for models, key in pairs:
        if len(models) > 1:
            mine = [] if key == VERSION else [one for one in _of(models, key, segments) if one.value != OTHER]
        else:
            mine = _of(models, key, versions if key == VERSION else segments)
        found[models, key] = mine[:MOST]
    return found


def _of(models: Whose, key: str, found: Mapping[int, Found]) -> list[Group]:
    """In the order in which they were read, each once."""
    places = {one: at for model in models for one, at in found[model].items() if one.name.startswith(f"{key}=")}
    return sorted(places, key=places.__getitem__)


def _versions(models: set[int]) -> defaultdict[int, Found]:
    found: defaultdict[int, Found] = defaultdict(dict)
    if models:
        rows = ModelVersion.objects.filter(model__in=models).order_by("-id")
        for place, (model, number, name) in enumerate(rows.values_list("model_id", "id", "version")):
            found[model][Group(f"{VERSION}={name}", name, version_id=number)] = place
    return found


def _segments(models: set[int]) -> defaultdict[int, Found]:
    found: defaultdict[int, Found] = defaultdict(dict)
    if models:
        rows = Series.objects.filter(version__model__in=models).exclude(segment="").distinct().order_by("segment")
        for place, (model, segment) in enumerate(rows.values_list("version__model_id", "segment")):
            found[model][Group(segment, segment.partition("=")[2], segment=segment)] = place
    return found
