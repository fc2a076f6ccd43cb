"""Measures of a model over the range, as figures that never come without their n."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst

from models_registry.models import Model, ModelVersion
from monitoring.catalogue import MEASURES
from monitoring.measures.series import Wanted, read_windows
from monitoring.stats.intervals import Reading
from panel import format as write
from panel.pages.indicators import FEW, scope_of, settled
from panel.pages.model_tabs.tab import Sight


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure over the range, with its interval where it is an estimate."""

    measure: str
    label: str
    text: str
    n: int
    interval: str

    @property
    def small(self) -> bool:
        """Too few events to trust it."""
        return 0 < self.n < FEW and MEASURES[self.measure].sampled


def figures_of(sight: Sight, names: Sequence[str]) -> list[Figure]:
    """Those of the measures that a model of this kind has, in one query."""
    fitting = applicable(sight.model, names)
    readings = readings_of(sight, fitting)[0]
    return [figure_of(name, readings[name]) for name in fitting]


def applicable(model: Model, names: Sequence[str]) -> list[str]:
    """Those that a model of this kind has."""
    return [name for name in names if model.kind in MEASURES[name].kinds]


def readings_of(
    sight: Sight, names: Sequence[str], *, versions: Sequence[ModelVersion | None] = (None,)
) -> list[dict[str, Reading]]:
    """Measures over the range of each version (None: of the model), in one query. What waits for labels ends earlier."""
    ends: dict[datetime, list[str]] = {}
    for name in names:
        ends.setdefault(settled(sight.subject, name, now=sight.now), []).append(name)
    scopes = [scope_of(sight.model, version_id=version.pk if version else None) for version in versions]
    wanted = [
        Wanted(tuple(together), scope, (min(sight.start, end), end), sight.subject)
        for scope in scopes
        for end, together in ends.items()
    ]
    readings = iter(read_windows(wanted))
    return [{name: one for _end in ends for name, one in next(readings).items()} for _scope in scopes]


def figure_of(name: str, reading: Reading) -> Figure:
    """A reading as text: 93.1 %, n 12,304, 92.6–93.5 %."""
    unit = MEASURES[name].unit
    interval = ""
    if unit in {"ratio", "score", "target"} and reading.low is not None and reading.high is not None:
        interval = f"{write.figure(reading.low, unit)} – {write.figure(reading.high, unit)}"
    return Figure(name, capfirst(str(MEASURES[name].label)), write.figure(reading.value, unit), reading.n, interval)
