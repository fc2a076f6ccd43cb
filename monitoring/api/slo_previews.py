"""What an objective's alerts will do before it is saved, and objectives that the last days suggest."""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as Wrong
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.authenticate import project_of
from models_registry.bodies import DefinitionSerializer, refuse_unless_valid
from models_registry.models import Model, Project
from models_registry.paging import asked_of
from monitoring.answers.asked import model_of
from monitoring.answers.foretold import ExpectedSerializer, ForesightSerializer, foretold
from monitoring.models import SLO, Component
from monitoring.slo.components import read_components
from monitoring.slo.foresight import foresee_slo
from monitoring.slo.suggest import suggest
from monitoring.slo.validate import slo_problems

FIELDS = [
    *("slug", "name", "description", "model", "environment", "sli", "bound_ms", "measure", "comparison", "bound"),
    *("slice", "minimum", "method", "slice_target", "target", "window", "calendar", "zone", "owner", "group_by"),
    *("composition", "without_data"),
]
COMPONENTS = "components"


class SLODefinitionSerializer(DefinitionSerializer):
    """An objective as it is defined; its model by slug. Nothing is saved."""

    slug = serializers.SlugField(required=False, default="unsaved")
    name = serializers.CharField(required=False, default="", allow_blank=True)
    target = serializers.FloatField()

    class Meta:
        """What a person decides; uniqueness is nobody's business where nothing is saved."""

        model = SLO
        fields = FIELDS
        validators: list[Any] = []

    def __init__(self, *args: Any, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = Model.objects.filter(project=project)
        self.fields["model"] = serializers.SlugRelatedField(slug_field="slug", queryset=models)


class SLOPreviewRequestSerializer(serializers.Serializer[dict[str, Any]]):
    """Of what."""

    slo = serializers.JSONField(help_text="The slug of an SLO, or an SLO as it would be defined.")


class SuggestionSerializer(serializers.Serializer[dict[str, Any]]):
    """An objective that nine of the last days in ten would have kept. The first fields define it."""

    model = serializers.CharField()
    name = serializers.CharField()
    slug = serializers.CharField()
    environment = serializers.CharField()
    sli = serializers.CharField()
    bound_ms = serializers.FloatField(allow_null=True)
    target = serializers.FloatField()
    window = serializers.DurationField()
    days = serializers.IntegerField(help_text="With events, of the last 14.")
    attained = serializers.FloatField()
    worst_day = serializers.FloatField()
    per_hour = serializers.FloatField()
    false_pages = ExpectedSerializer()


class SuggestionsSerializer(serializers.Serializer[dict[str, Any]]):
    """By model."""

    items = SuggestionSerializer(many=True)


class SLOPreviewView(APIView):
    """What alerts on an objective will do, saved or not."""

    permission = "monitoring.view_slo"
    write_scope = "read"

    @extend_schema(request=SLOPreviewRequestSerializer, responses=ForesightSerializer, operation_id="slo_preview")
    def post(self, request: Request) -> Response:
        """By the standard pairs: detection, reset and budget spent for outages, and false alarms at the real traffic."""
        given = SLOPreviewRequestSerializer(data=request.data)
        refuse_unless_valid(given)
        slo = _slo(project_of(request), given.validated_data["slo"])
        return Response(foretold(foresee_slo(slo, now=clock.now())))


OF_MODEL = [OpenApiParameter("model", str, description="Only of this one, by its slug.")]


class SuggestedSLOsView(APIView):
    """Objectives that the last days suggest."""

    permission = "monitoring.view_slo"

    @extend_schema(
        parameters=OF_MODEL,
        responses=SuggestionsSerializer,
        operation_id="slos_suggested",
    )
    def get(self, request: Request) -> Response:
        """For every indicator without an objective that enough came of."""
        slug = asked_of(request, OF_MODEL).get("model")
        only = model_of(request, slug) if slug else None
        found = suggest(project_of(request), now=clock.now(), model=only)
        return Response(
            {
                "items": [
                    {
                        **{name: getattr(one.slo, name) for name in ("name", "slug", "environment", "sli")},
                        "model": one.slo.model.slug,
                        "bound_ms": one.slo.bound_ms,
                        "target": one.slo.target,
                        "window": serializers.DurationField().to_representation(one.slo.window),
                        **{name: getattr(one, name) for name in ("days", "attained", "worst_day", "per_hour")},
                        "false_pages": asdict(one.false_pages),
                    }
                    for one in found
                ]
            }
        )


def _slo(project: Project, given: Any) -> SLO:
    if isinstance(given, str):
        found = SLO.objects.filter(project=project, slug=given).select_related("model").first()
        if found is None:
            raise ValidationError({"slo": f"There is no SLO {given} in the project; GET /api/v1/slos lists them."})
        return found
    if not isinstance(given, dict):
        raise ValidationError({"slo": "Write an object with the fields of an SLO."})
    if unknown := sorted(given.keys() - {*FIELDS, COMPONENTS}):
        known = ", ".join([*FIELDS, COMPONENTS])
        raise ValidationError({"slo": f"Unknown fields: {', '.join(unknown)}. An SLO has {known}."})
    form = SLODefinitionSerializer(data=given, project=project)
    if not form.is_valid():
        raise ValidationError({"slo": form.errors})
    slo = SLO(project=project, **form.validated_data)
    slo.parts = _parts(project, given.get(COMPONENTS))
    if problems := slo_problems(slo):
        raise ValidationError({"slo": problems})
    return slo


def _parts(project: Project, given: object) -> list[Component]:
    try:
        return read_components(project, given)
    except Wrong as error:
        raise ValidationError({"slo": {COMPONENTS: error.messages}}) from error
