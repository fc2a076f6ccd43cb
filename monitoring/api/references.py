"""`/api/v1/models/{slug}/versions/{version}/reference`: what the inputs of a version looked like when it was trained."""

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.bodies import body_of
from models_registry.models import ModelVersion
from models_registry.moments import MomentField
from monitoring.answers.asked import moment_of, version_of
from monitoring.drift.references import borrow, freeze, sample_of_window, set_reference
from monitoring.models import Reference
from monitoring.selectors.references import current_reference, profile_by
from monitoring.selectors.wire import history_to_wire
from monitoring.stats.matched import Window
from monitoring.stats.profile import Profile, ProfileError
from monitoring.stats.profile_data import profile_of_histograms
from monitoring.stats.sample import Sample, sample_of

GIVEN = ("rows", "histograms", "window", "version")
ReferenceSerializer = inline_serializer(
    "Reference",
    {
        "model": serializers.CharField(),
        "version": serializers.CharField(),
        "origin": serializers.ChoiceField(Reference.Origin.values),
        "layout": serializers.CharField(),
        "rows": serializers.IntegerField(),
        "created_at": MomentField(),
        "history": serializers.DictField(),
        "features": serializers.ListField(child=serializers.DictField()),
    },
)
GivenSerializer = inline_serializer(
    "GivenReference",
    {
        "rows": serializers.ListField(child=serializers.DictField(), required=False),
        "histograms": serializers.DictField(child=serializers.DictField(), required=False),
        "window": serializers.DictField(child=MomentField(), required=False),
        "version": serializers.CharField(required=False),
        "categorical": serializers.ListField(child=serializers.CharField(), required=False),
        "keep_rows": serializers.BooleanField(required=False, default=True),
    },
)


class ReferenceView(APIView):
    """The reference of one version; people need the permission to change versions."""

    write_scope = "admin"
    permission = "models_registry.change_modelversion"

    @extend_schema(responses=ReferenceSerializer, operation_id="reference")
    def get(self, request: Request, slug: str, version: str) -> Response:
        """The reference in force, with the bins of each feature."""
        found = current_reference(version_of(request, slug, version).pk)
        if found is None:
            raise NotFound("This version has no reference; POST rows, histograms or a window here.")
        return Response(_to_wire(found, slug, version))

    @extend_schema(request=GivenSerializer, responses={201: ReferenceSerializer}, operation_id="set_reference")
    def post(self, request: Request, slug: str, version: str) -> Response:
        """Set it from rows, ready-made histograms, a past window or another version's; predictions accepted from now on are held against it."""
        body = body_of(request, GivenSerializer)
        kinds = [name for name in GIVEN if body.get(name) is not None]
        if len(kinds) != 1:
            raise ValidationError(
                {"rows": "Send an object with exactly one of `rows`, `histograms`, `window` or `version`."}
            )
        [origin] = kinds
        known = version_of(request, slug, version)
        try:
            profile, sample = _profile(origin, body, known)
            period = _period(body[origin]) if origin == Reference.Origin.WINDOW else None
        except ProfileError as error:
            raise ValidationError({origin: str(error)}) from error
        kept = sample if body.get("keep_rows", True) else None
        found = set_reference(known, profile, origin=origin, now=clock.now(), sample=kept, period=period)
        return Response(_to_wire(found, slug, version), status=201)


def _profile(origin: str, body: dict[str, Any], version: ModelVersion) -> tuple[Profile, Sample | None]:
    given, categorical = body[origin], body.get("categorical") or []
    if not isinstance(categorical, list) or not all(isinstance(name, str) for name in categorical):
        raise ValidationError({"categorical": "A list of names of features."})
    if origin == Reference.Origin.ROWS:
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            raise ValidationError({"rows": "A list of objects, one per row: feature to value."})
        sample = sample_of(given)
        return freeze(version, sample, categorical=categorical), sample
    if origin == Reference.Origin.VERSION:
        return borrow(_lender(version, given))
    if not isinstance(given, dict):
        raise ValidationError({origin: "An object."})
    if origin == Reference.Origin.HISTOGRAMS:
        return profile_of_histograms(given), None
    start, end = _period(given)
    sample = sample_of_window(version, start=start, end=end)
    return freeze(version, sample, categorical=categorical), sample


def _lender(version: ModelVersion, name: Any) -> Reference:
    """The reference in force of another version of the model."""
    found = Reference.objects.filter(version__model=version.model, version__version=name).first()
    if not isinstance(name, str) or found is None:
        raise ValidationError({"version": "Name a version of this model that has a reference."})
    return found


def _period(given: dict[str, Any]) -> Window:
    try:
        start, end = (moment_of(given, name) for name in ("from", "to"))
    except ValidationError as error:
        raise ValidationError({"window": error.detail}) from error
    if start is None or end is None:
        raise ValidationError({"window": "Give `from` and `to` as RFC 3339 with offset."})
    if start >= end:
        raise ValidationError({"window": "`to` must be later than `from`."})
    return start, end


def _to_wire(found: Reference, slug: str, version: str) -> dict[str, Any]:
    return {
        "model": slug,
        "version": version,
        "origin": found.origin,
        "layout": found.layout,
        "rows": found.rows,
        "created_at": found.created_at.isoformat(),
        "history": history_to_wire(found),
        "features": [
            {
                "name": feature.name,
                "source": feature.source,
                "kind": "number" if feature.numeric else "category",
                "bins": feature.bins,
            }
            for feature in profile_by(found.layout).features
        ],
    }
