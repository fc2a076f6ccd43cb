"""What a model can be taken apart into: its versions, or the values of a declared segment key."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from models_registry.models import ModelVersion
from monitoring.models import Series

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
Groups = dict[tuple[int, str], list[Group]]


def read_groups(asked: Iterable[tuple[int, str]]) -> Groups:
    """Of each (model, key) the newest fifty versions, or the first fifty segments by name: at most two statements."""
    pairs = set(asked)
    versions = _versions({model for model, key in pairs if key == VERSION})
    segments = _segments({model for model, key in pairs if key != VERSION})
    found: Groups = {}
    for model, key in pairs:
        mine = [one for one in segments[model] if one.name.startswith(f"{key}=")]
        found[model, key] = (versions[model] if key == VERSION else mine)[:MOST]
    return found


def _versions(models: set[int]) -> defaultdict[int, list[Group]]:
    found: defaultdict[int, list[Group]] = defaultdict(list)
    if models:
        rows = ModelVersion.objects.filter(model__in=models).order_by("-id")
        for model, number, name in rows.values_list("model_id", "id", "version"):
            found[model].append(Group(f"{VERSION}={name}", name, version_id=number))
    return found


def _segments(models: set[int]) -> defaultdict[int, list[Group]]:
    found: defaultdict[int, list[Group]] = defaultdict(list)
    if models:
        rows = Series.objects.filter(version__model__in=models).exclude(segment="").distinct().order_by("segment")
        for model, segment in rows.values_list("version__model_id", "segment"):
            found[model].append(Group(segment, segment.partition("=")[2], segment=segment))
    return found
