"""Estimators as they are needed: all of some models at once, by version, and only when something asks."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from models_registry.models import Model
from monitoring.items import canonical_label
from monitoring.models import Estimator
from monitoring.stats.fitted import Fitted, unpack

Fits = Mapping[int, Sequence[Fitted]]


def fits_of(models: Iterable[Model]) -> Callable[[], Fits]:
    """A function that reads the estimators of these models (one query, the first time it is called), newest first."""
    wanted = {model.pk: definition(model) for model in models}

    @cache
    def read() -> Fits:
        rows = Estimator.objects.filter(version__model__in=wanted).order_by("-id")
        names = ("id", "version_id", "version__model_id", "kind", "positive_label", "end", "fit")
        found: defaultdict[int, list[Fitted]] = defaultdict(list)
        for id_, version_id, model_id, kind, positive, until, fit in rows.values_list(*names):
            if (kind, positive) == wanted[model_id]:
                found[version_id].append(unpack(id_, until, bytes(fit)))
        return dict(found)

    return read


def definition(model: Model) -> tuple[str, str]:
    """What of a model's definition an estimator is good for: its kind, and which class is the positive one."""
    return str(model.kind), canonical_label(model.positive_label) if model.kind == Model.Kind.BINARY else ""
