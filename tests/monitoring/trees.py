"""An estimator of losses with two small trees made by hand, for tests of what is folded by it."""

from datetime import datetime, timedelta
from typing import Any

from models_registry.models import ModelVersion
from monitoring.drift.references import freeze, set_reference
from monitoring.measures.series import measure_window
from monitoring.models import Estimator, LossTrees
from monitoring.selectors.references import current_reference
from monitoring.selectors.summaries import Scope
from monitoring.stats.fitted import Losses
from monitoring.stats.fitted import pack as pack_fit
from monitoring.stats.intervals import Reading
from monitoring.stats.sample import sample_of
from monitoring.stats.trees import Forest, Frozen, Split, Tree, pack
from monitoring.summaries.reach import place

HOMES = [
    {"area": 40.0 + n, "kind": ("castle", "house", "studio")[n % 3], "prediction": 100.0 + n, "label": 90.0}
    for n in range(60)
]
# Places in the profile: area, kind, prediction. Codes of categories are ranked by how common they are, then by name.
SMALL = Split(0, 60.0, (), True, 0, 1)
CASTLE = Split(1, 0.0, (0,), False, 0, 1)
DEAR = Split(2, 1_000.0, (), False, 0, 1)


def expected(area: float | None, kind: str | None, prediction: float, *, level: float = 100.0) -> float:
    """The absolute loss that the trees expect: by area, kind and prediction."""
    return (
        level
        + (1 if area is None or area <= 60 else 2)
        + (10 if kind == "castle" else 20)
        + (100 if prediction <= 1_000 else 200)
    )


def estimator(version: ModelVersion, *, now: datetime, level: float = 100.0) -> Estimator:
    """In force from now on, with a job for what is stored; with a reference of its own where there is none yet."""
    sample = sample_of(HOMES)
    reference = current_reference(version.pk) or set_reference(version, freeze(version, sample), origin="rows", now=now)
    trees = Tree((SMALL,), (1.0, 2.0)), Tree((CASTLE,), (10.0, 20.0)), Tree((DEAR,), (100.0, 200.0))
    absolute = Forest(level, trees, level)
    square = Forest(4 * level**2, (Tree((SMALL,), (0.0, level**2)),), 4 * level**2)
    losses = Losses(absolute.quantum, square.quantum, 1.5)
    row = Estimator.objects.create(
        version=version,
        origin="reference",
        reference=reference,
        rows=60,
        kind="regression",
        fit=pack_fit({}, {}, losses),
        created_at=now,
    )
    layout, data = pack(Frozen(absolute, square, (None, (0, 1, 2), None)))
    place(LossTrees(estimator=row, layout=layout, data=data), version, kind="trees", now=now)
    return row


def home(id_: str, area: Any, kind: Any, prediction: Any = 100.0, **more: Any) -> dict[str, Any]:
    """A prediction of version "1"."""
    features = {name: value for name, value in (("area", area), ("kind", kind)) if value is not None}
    return {
        "id": id_,
        "model": "rent",
        "version": "1",
        "prediction": prediction,
        "features": features,
        "environment": "production",
        **more,
    }


def read(name: str, version: ModelVersion, now: datetime, *, hours: float = 24, segment: str = "") -> Reading:
    """An estimated measure over the hours around now."""
    model = version.model
    scope, reach = Scope(model.project_id, model.pk, segment=segment), timedelta(hours=hours)
    return measure_window(name, scope, start=now - reach, end=now + reach)
