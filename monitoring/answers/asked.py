"""What a request of the API asks about: a range of time, a step, a model and its version; or the 400 or 404 with the mend.

Edges share it from below, so that none of them imports another.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from models_registry.authenticate import project_of
from models_registry.models import Model, ModelVersion
from monitoring.selectors.event_filters import FilterError, read_moment, read_span

DAY = timedelta(hours=24)
MAX_POINTS = 5_000
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def span_of(params: Mapping[str, str], now: datetime, *, length: timedelta = DAY) -> tuple[datetime, datetime]:
    """[from, to) of a query string; so long up to now where it does not say."""
    try:
        return read_span(params, now=now, length=length)
    except FilterError as error:
        raise ValidationError({error.field: str(error)}) from error


def range_of(
    params: Mapping[str, str], now: datetime, *, length: timedelta = DAY, step: str = "5m", most: int = MAX_POINTS
) -> tuple[datetime, datetime, timedelta]:
    """The same with `step`; at most so many steps."""
    start, end = span_of(params, now, length=length)
    width = _step(params.get("step") or step)
    if (end - start) / width > most:
        raise ValidationError({"step": f"More than {most} points; ask for a larger step or a shorter range."})
    return start, end, width


def moment_of(given: Mapping[str, Any], name: str) -> datetime | None:
    """A time in a body or a query string; None where it is not given."""
    try:
        return read_moment(name, str(given.get(name) or ""))
    except FilterError as error:
        raise ValidationError({error.field: str(error)}) from error


def model_of(request: Request, slug: str) -> Model:
    """The model of the project."""
    if not slug:
        raise ValidationError({"model": "Name a model by its slug."})
    found = Model.objects.filter(project=project_of(request), slug=slug).first()
    if found is None:
        raise NotFound("There is no model with this slug in the project.")
    return found


def version_of(request: Request, slug: str, version: str) -> ModelVersion:
    """The version, or a 404 that says which part is unknown."""
    found = ModelVersion.objects.filter(model=model_of(request, slug), version=version).select_related("model").first()
    if found is None:
        raise NotFound("This model has no such version; it is registered with its first event, or in the admin.")
    return found


def version_id_of(model: Model, params: Mapping[str, str]) -> int | None:
    """The version that a query string names, if it names one."""
    if not params.get("version"):
        return None
    found = ModelVersion.objects.filter(model=model, version=params["version"]).first()
    if found is None:
        raise NotFound("This model has no such version.")
    return found.pk


def segment_of(params: Mapping[str, str]) -> str:
    """The one segment that a query string names; empty for the whole."""
    segment = params.get("segment", "")
    if segment and "=" not in segment:
        raise ValidationError({"segment": "A segment is a key and a value: region=south."})
    return segment


def _step(text: str) -> timedelta:
    unit = SECONDS.get(text[-1:], 0)
    number = text[:-1] if unit else text
    seconds = int(number) * (unit or 1) if number.isdecimal() and len(number) < 9 else 0
    if seconds < 60 or seconds % 60:
        raise ValidationError({"step": "A step is whole minutes of at least one: 60, 5m, 1h, 1d."})
    return timedelta(seconds=seconds)
