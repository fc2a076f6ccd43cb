"""Series of measures as files, in the words of `/api/v1/series`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from rest_framework.exceptions import ValidationError

from models_registry.exports import ExportError, Rows
from models_registry.jobs import JobError
from models_registry.models import Model, ModelVersion, Project
from monitoring.answers.asked import range_of
from monitoring.catalogue import MEASURES
from monitoring.measures.breakdown import ByError, Part, scopes_by, series_by
from monitoring.measures.series import edges_between, measure_series
from monitoring.selectors.summaries import Scope

MOST_POINTS: Final = 100_000
MOST_PARTS: Final = 1_000
STRETCH, STRETCH_BY = 1_000, 100  # points of a page: of one series, of each of several


@dataclass(frozen=True, slots=True)
class Asked:
    """What a series is of."""

    model: Model
    names: Sequence[str]
    scope: Scope
    by: str
    edges: Sequence[datetime]


class SeriesOfMeasures:
    """Measures of a model over time, oldest first: one row for each step, measure and, with `by`, part."""

    columns = (
        *("start", "model", "measure", "version", "environment", "segment", "by", "part"),
        *("value", "n", "low", "high", "state"),
    )
    filters = ("model", "measure", "version", "environment", "segment", "by", "from", "to", "step")

    def check(self, project: Project, filters: Mapping[str, str], *, now: datetime) -> dict[str, str]:
        """As `/api/v1/series` takes them; `measure` may be several, separated by commas."""
        asked = self._asked(project, filters, now)
        try:
            parts = scopes_by(asked.by, asked.scope, asked.model) if asked.by not in ("", "error_type") else []
            if asked.by == "error_type":
                [self._parts(asked, name, asked.edges[:2], now) for name in asked.names]
        except ByError as error:
            raise ExportError("by", str(error)) from error
        if len(parts) > MOST_PARTS:
            raise ExportError("by", f"There are more than {MOST_PARTS} of these; name one of them.")
        kept = {name: value for name, value in filters.items() if value}
        return {**kept, "from": asked.edges[0].isoformat(), "to": asked.edges[-1].isoformat()}

    def read(self, project: Project, filters: Mapping[str, str], place: str | None, *, now: datetime) -> Rows:
        """A stretch of all measures."""
        try:
            asked = self._asked(project, filters, now)
        except ExportError as error:
            raise JobError(str(error)) from error
        first, length = int(place or 0), STRETCH_BY if asked.by else STRETCH
        edges = asked.edges[first : first + length + 1]
        following = first + length
        rows = [row for name in asked.names for row in self._rows(asked, name, edges, filters, now)]
        steps = len(asked.edges) - 1
        return Rows(rows, str(following) if following < steps else None, min(1.0, following / steps))

    def _asked(self, project: Project, filters: Mapping[str, str], now: datetime) -> Asked:
        for name in filters:
            if name not in self.filters:
                raise ExportError(name, f"Unknown filter; there are {', '.join(self.filters)}.")
        names = [name.strip() for name in filters.get("measure", "").split(",")]
        if unknown := [name for name in names if name not in MEASURES]:
            raise ExportError("measure", f"“{unknown[0]}” is no measure; /api/v1/measures lists them.")
        model = Model.objects.filter(project=project, slug=filters.get("model", "")).first()
        if model is None:
            raise ExportError("model", "Name a model of the project by its slug.")
        segment = filters.get("segment", "")
        if segment and "=" not in segment:
            raise ExportError("segment", "A segment is a key and a value: region=south.")
        try:
            start, end, step = range_of(filters, now, most=MOST_POINTS)
        except ValidationError as error:
            wrong = error.detail if isinstance(error.detail, dict) else {"step": error.detail}
            field, told = next(iter(wrong.items()))
            raise ExportError(field, str(told[0] if isinstance(told, list) else told)) from error
        environment = filters.get("environment") or None
        scope = Scope(project.pk, model.pk, _version_of(model, filters), environment, segment)
        return Asked(model, names, scope, filters.get("by", ""), edges_between(start, end, step))

    def _rows(
        self, asked: Asked, name: str, edges: Sequence[datetime], filters: Mapping[str, str], now: datetime
    ) -> list[dict[str, Any]]:
        told = {key: filters.get(key) or None for key in ("version", "environment", "segment", "by")}
        return [
            {
                "start": point.start.astimezone(UTC).isoformat(),
                "model": asked.model.slug,
                "measure": name,
                **told,
                "part": part.value if asked.by else None,
                "value": point.value,
                "n": point.n,
                "low": point.low,
                "high": point.high,
                "state": point.state,
            }
            for part in self._parts(asked, name, edges, now)
            for point in part.points
        ]

    def _parts(self, asked: Asked, name: str, edges: Sequence[datetime], now: datetime) -> Sequence[Part]:
        if asked.by:
            return series_by(asked.by, name, asked.scope, asked.model, edges=edges, now=now, most=MOST_PARTS).parts
        step = max(later - earlier for earlier, later in pairwise(edges))
        points = measure_series(name, asked.scope, start=edges[0], end=edges[-1], step=step, now=now)
        return [Part("", points)]


def _version_of(model: Model, filters: Mapping[str, str]) -> int | None:
    if not filters.get("version"):
        return None
    found = ModelVersion.objects.filter(model=model, version=filters["version"]).first()
    if found is None:
        raise ExportError("version", "This model has no such version.")
    return found.pk


SERIES = SeriesOfMeasures()
