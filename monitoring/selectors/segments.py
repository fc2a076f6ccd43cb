"""Declared segment keys as folding needs them, and the segments that a model has."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from models_registry.models import Model, ModelVersion
from monitoring.models import Category, SegmentKey, Series
from monitoring.stats.segments import PROMPT, cap_of, split_segment

FIELD = "segment:"  # the table of codes of a key's values


class DeclaredKey(NamedTuple):
    """Events with a primary key in [since, until) have a segment of this key; until None is for ever.

    `values` are those with a segment of their own, once there can be no more: every other value is *other* for good.
    """

    key: str
    since: int
    until: int | None
    values: frozenset[str] | None = None


Keys = Mapping[int, Sequence[DeclaredKey]]


def field_of(key: str) -> str:
    """Whose table of codes the values of a key are in."""
    return f"{FIELD}{key}"


def read_keys(version_ids: Collection[int]) -> Keys:
    """The keys of these versions' models, oldest first; versions without one are left out. One query where none has any, else three."""
    models = dict(
        ModelVersion.objects.filter(id__in=version_ids, model__segment_keys__isnull=False).values_list("id", "model_id")
    )
    if not models:
        return {}
    wanted = set(models.values())
    full = _full(wanted)
    found: defaultdict[int, list[DeclaredKey]] = defaultdict(list)
    rows = SegmentKey.objects.filter(model_id__in=wanted).order_by("since", "id")
    for model_id, key, since, until in rows.values_list("model_id", "key", "since", "until"):
        found[model_id].append(DeclaredKey(key, since, until, full.get((model_id, key))))
    return {version_id: found[model_id] for version_id, model_id in models.items()}


def _full(model_ids: Collection[int]) -> dict[tuple[int, str], frozenset[str]]:
    """The values of each key that is full."""
    rows = Category.objects.filter(model_id__in=model_ids, field__startswith=FIELD)
    found: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    for model_id, field, value in rows.values_list("model_id", "field", "value"):
        found[model_id, field.removeprefix(FIELD)].add(value)
    return {whose: frozenset(values) for whose, values in found.items() if len(values) >= cap_of(whose[1])}


def keys_of(model: Model) -> list[str]:
    """What a model can be taken apart by: its declared keys, and its prompts if it is an application."""
    return keys_by_model([model])[model.pk]


def keys_by_model(models: Iterable[Model]) -> dict[int, list[str]]:
    """The same of each, by its id: one query."""
    found = {model.pk: [PROMPT] if model.kind == Model.Kind.LLM else [] for model in models}
    declared = SegmentKey.objects.filter(model__in=found, until__isnull=True).order_by("key")
    for model, key in declared.values_list("model_id", "key"):
        found[model].append(key)
    return found


def segments_of(model: Model, key: str) -> list[str]:
    """The segments of a key that anything was ever folded into, the newest first."""
    rows = Series.objects.filter(version__model=model, segment__startswith=f"{key}=").order_by("-id")
    return list(dict.fromkeys(rows.values_list("segment", flat=True)))


def value_of(segment: str) -> str:
    """The value that a segment is about."""
    return split_segment(segment)[1]
