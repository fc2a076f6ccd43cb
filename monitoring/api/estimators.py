"""`/api/v1/models/{slug}/versions/{version}/estimator`: estimates beside reality with their track record; fit another one."""

from collections.abc import Mapping
from datetime import UTC, timedelta
from math import isfinite
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.bodies import body_of
from models_registry.models import ModelVersion, User
from models_registry.moments import MomentField
from models_registry.paging import asked_of
from monitoring.answers.asked import moment_of, range_of, version_of
from monitoring.measures.series import edges_between, subjects_of
from monitoring.models import Estimator, ReferenceSample
from monitoring.quality.fitting.start import start_fit
from monitoring.quality.track_record import Track, estimated_names, read_tracks
from monitoring.selectors.references import current_reference
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import history_to_wire
from monitoring.stats.track import Bounds, Entry

WEEKS = timedelta(days=30)
MAX_WINDOWS = 1_000
ASSUMES = "assumes no concept drift"
NOT_ESTIMATED: dict[str, Any] = {
    "measure": None,
    "assumes": ASSUMES,
    "state": "not_estimated",
    "estimator": None,
    "baseline": None,
    "bounds": {},
    "record": {},
    "windows": [],
}
FittedSerializer = inline_serializer(
    "Estimator",
    {
        "id": serializers.IntegerField(),
        "origin": serializers.ChoiceField(Estimator.Origin.values),
        "from": MomentField(allow_null=True),
        "to": MomentField(allow_null=True),
        "rows": serializers.IntegerField(),
        "created_at": MomentField(),
        "history": serializers.DictField(allow_null=True),
    },
    allow_null=True,
)
TrackSerializer = inline_serializer(
    "Track",
    {
        "model": serializers.CharField(),
        "version": serializers.CharField(),
        "measure": serializers.CharField(allow_null=True),
        "assumes": serializers.CharField(),
        "state": serializers.ChoiceField(
            ["ok", "no_scores", "no_estimator", "no_estimate", "no_mature_windows", "not_estimated"]
        ),
        "estimator": FittedSerializer,
        "baseline": serializers.DictField(allow_null=True),
        "bounds": serializers.DictField(),
        "record": serializers.DictField(),
        "windows": serializers.ListField(child=serializers.DictField()),
    },
)
FitSerializer = inline_serializer(
    "FitEstimator",
    {
        "from": MomentField(required=False),
        "to": MomentField(required=False),
        "reference": serializers.BooleanField(required=False),
    },
)
StartedSerializer = inline_serializer(
    "FitStarted", {"job": serializers.IntegerField(), "state": serializers.CharField()}
)


PARAMETERS = [
    OpenApiParameter("measure", str, description="accuracy unless given; mae of a regression."),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="30 days before `to` unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Now unless given."),
    OpenApiParameter("step", str, description="Width of a window, 1d unless given."),
    OpenApiParameter("below", float, description="A value below this is an alert."),
    OpenApiParameter("above", float, description="A value above this is an alert."),
]


class EstimatorView(APIView):
    """The estimators of one version; to fit one, people need the permission to change versions."""

    write_scope = "admin"
    permission = "models_registry.change_modelversion"

    @extend_schema(
        operation_id="estimator",
        parameters=PARAMETERS,
        responses=TrackSerializer,
    )
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Windows with estimate, band and what was realised, and the record of the mature ones."""
        known, params, now = version_of(request, slug, version), asked_of(request, PARAMETERS), clock.now()
        name, names = params.get("measure", ""), estimated_names(known.model.kind)
        if not names:
            return Response({"model": slug, "version": version, **NOT_ESTIMATED})
        name = name or names[0]
        if name not in names:
            raise ValidationError({"measure": f"Not estimated; one of {', '.join(names)}."})
        start, end, step = range_of(params, now, length=WEEKS, step="1d", most=MAX_WINDOWS)
        scope = Scope(known.model.project_id, known.model_id, known.pk)
        subject = subjects_of([known.model])[known.model_id]
        edges = edges_between(start, end, step)
        track = read_tracks([name], scope, subject, edges=edges, now=now, bounds=_bounds(params))[name]
        return Response({"model": slug, "version": version, **_to_wire(track, known)})

    @extend_schema(request=FitSerializer, responses={202: StartedSerializer}, operation_id="fit_estimator")
    def post(self, request: Request, slug: str, version: str) -> Response:
        """Fit an estimator on a past window with labels, or on the rows of the reference, in a job."""
        known = version_of(request, slug, version)
        body = body_of(request, FitSerializer)
        by = request.user if isinstance(request.user, User) else None
        job = start_fit(known, _arguments(body, known), now=clock.now(), by=by)
        return Response({"job": job.pk, "state": job.state}, status=202)


def _arguments(body: Mapping[str, Any], version: ModelVersion) -> dict[str, Any]:
    if not estimated_names(version.model.kind):
        raise ValidationError({"model": "The performance of this kind of model is not estimated."})
    if body.get("reference"):
        reference = current_reference(version.pk)
        if reference is None or not ReferenceSample.objects.filter(reference=reference).exists():
            raise ValidationError(
                {"reference": "This version has no reference whose rows are kept; POST one with labels."}
            )
        return {"reference": reference.pk}
    start, end = (moment_of(body, name) for name in ("from", "to"))
    if start is None or end is None:
        raise ValidationError({"from": "Give `from` and `to` of a window with labels, or `reference`: true."})
    if start >= end:
        raise ValidationError({"to": "`to` must be later than `from`."})
    return {"from": start.isoformat(), "to": end.isoformat()}


def _bounds(params: Mapping[str, str]) -> Bounds | None:
    low, high = (_number(params, name) for name in ("below", "above"))
    return None if low is None and high is None else Bounds(low, high)


def _number(params: Mapping[str, str], name: str) -> float | None:
    if not params.get(name):
        return None
    try:
        found = float(params[name])
    except ValueError:
        found = float("nan")
    if not isfinite(found):
        raise ValidationError({name: "A number."})
    return found


def _to_wire(track: Track, version: ModelVersion) -> dict[str, Any]:
    baseline, record = track.baseline, track.record
    return {
        "measure": track.name,
        "assumes": ASSUMES,
        "state": track.state,
        "estimator": _estimator(version),
        "baseline": baseline and {"value": baseline.value, "n": baseline.n, "spread": baseline.spread},
        "bounds": {"low": track.bounds.low, "high": track.bounds.high},
        "record": {
            "windows": record.windows,
            "mean_absolute_error": record.mean_absolute_error,
            "bias": record.bias,
            "coverage": record.coverage,
            "alerts": {"caught": record.caught, "missed": record.missed, "false": record.false},
            "suspected": len(track.suspects),
        },
        "windows": [_window(entry, suspected=entry in track.suspects) for entry in track.entries],
    }


def _window(entry: Entry, *, suspected: bool) -> dict[str, Any]:
    band, realised = entry.estimate.reading(), entry.realised
    return {
        "start": entry.start.astimezone(UTC).isoformat(),
        "end": entry.end.astimezone(UTC).isoformat(),
        "state": entry.state,
        "estimated": {"value": band.value, "low": band.low, "high": band.high, "n": band.n},
        "realised": {"value": realised.value, "low": realised.low, "high": realised.high, "n": realised.n},
        "suspected": suspected,
    }


def _estimator(version: ModelVersion) -> dict[str, Any] | None:
    """The newest one."""
    found = Estimator.objects.filter(version=version).select_related("trees").first()
    if found is None:
        return None
    return {
        "id": found.pk,
        "origin": found.origin,
        "from": found.start and found.start.isoformat(),
        "to": found.end and found.end.isoformat(),
        "rows": found.rows,
        "created_at": found.created_at.isoformat(),
        "history": history_to_wire(found.trees) if hasattr(found, "trees") else None,
    }
