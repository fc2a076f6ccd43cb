"""`/api/v1/deployments`: change markers, those of events and those that are written here."""

from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError as Invalid
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.pages import MAX_LIMIT
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.models import Deployment, Model, ModelVersion, Project, PromptVersion
from models_registry.moments import MomentField, RowSerializer
from models_registry.paging import asked_of, asked_page
from models_registry.register import ensure_version
from models_registry.versions import mark_deployment

NAME: Final = 200
PLAIN: Final = ("kind", "environment", "at", "note")
PAGE_PARAMETERS = [
    OpenApiParameter("model", str, description="Only those of this model."),
    OpenApiParameter("environment", str, description="Only those of this environment."),
    OpenApiParameter("kind", str, enum=Deployment.Kind.values, description="Only those of this kind."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class ChangeMarkerSerializer(RowSerializer[Deployment]):
    """From `at` on this version serves this environment, or this prompt does."""

    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    prompt = serializers.CharField(source="prompt_version.prompt.name", allow_null=True, default=None)
    prompt_version = serializers.CharField(source="prompt_version.version", allow_null=True, default=None)

    class Meta:
        """Whose, what, when."""

        model = Deployment
        fields = ["id", "model", "version", "kind", "environment", "at", "note", "prompt", "prompt_version"]


class ChangeMarkerPageSerializer(serializers.Serializer[dict[str, Any]]):
    """Written last first."""

    items = ChangeMarkerSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ChangeMarkerChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """What a marker says; null of a prompt names none."""

    version = serializers.CharField(max_length=NAME, required=False)
    kind = serializers.ChoiceField(Deployment.Kind.choices, required=False)
    environment = serializers.CharField(max_length=64, required=False)
    at = MomentField(required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    prompt = serializers.CharField(max_length=NAME, required=False, allow_null=True)
    prompt_version = serializers.CharField(max_length=NAME, required=False, allow_null=True, allow_blank=True)


class GivenChangeMarkerSerializer(ChangeMarkerChangeSerializer):
    """A new one; now unless it says when."""

    model = serializers.CharField(max_length=NAME)
    version = serializers.CharField(max_length=NAME)


class DeploymentsView(APIView):
    """Change markers of the project."""

    write_scope = "admin"
    read_permission = "models_registry.view_deployment"
    permission = "models_registry.add_deployment"

    @extend_schema(responses=ChangeMarkerPageSerializer, operation_id="deployments", parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, those that were written last first."""
        params, rows = asked_of(request, PAGE_PARAMETERS), _marks(request)
        if kind := params.get("kind"):
            if kind not in Deployment.Kind.values:
                raise ValidationError({"kind": f"One of {', '.join(Deployment.Kind.values)}."})
            rows = rows.filter(kind=kind)
        asked = {"version__model__slug": params.get("model"), "environment": params.get("environment")}
        rows = rows.filter(**{name: value for name, value in asked.items() if value})
        page = asked_page(params, rows, time="id")
        return Response({"items": ChangeMarkerSerializer(page.items, many=True).data, "next": page.next})

    @extend_schema(
        request=GivenChangeMarkerSerializer, responses={201: ChangeMarkerSerializer}, operation_id="deployment_create"
    )
    def post(self, request: Request) -> Response:
        """Write one; a version that is unknown is registered as unreviewed, for it is deployed before it answers."""
        given = GivenChangeMarkerSerializer(data=request.data)
        refuse_unless_valid(given)
        project, asked = project_of(request), given.validated_data
        model = Model.objects.filter(project=project, slug=asked["model"]).first()
        if model is None:
            raise ValidationError({"model": "There is no model with this slug in the project."})
        found = _saved(Deployment(at=clock.now()), model, asked)
        return Response(found, status=status.HTTP_201_CREATED)


class DeploymentView(APIView):
    """One change marker."""

    write_scope = "admin"
    read_permission = "models_registry.view_deployment"
    permission = "models_registry.change_deployment"
    delete_permission = "models_registry.delete_deployment"

    @extend_schema(responses=ChangeMarkerSerializer, operation_id="deployment")
    def get(self, request: Request, number: int) -> Response:
        """What it says."""
        return Response(ChangeMarkerSerializer(_mark(request, number)).data)

    @extend_schema(
        request=ChangeMarkerChangeSerializer, responses=ChangeMarkerSerializer, operation_id="deployment_change"
    )
    def patch(self, request: Request, number: int) -> Response:
        """Change what is given; what is left out stays."""
        given = ChangeMarkerChangeSerializer(data=request.data, partial=True)
        refuse_unless_valid(given)
        mark = _mark(request, number)
        return Response(_saved(mark, mark.version.model, given.validated_data))

    @extend_schema(responses={204: None}, operation_id="deployment_remove")
    def delete(self, request: Request, number: int) -> Response:
        """Take back one that was written by mistake."""
        _mark(request, number).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _marks(request: Request) -> QuerySet[Deployment]:
    rows = Deployment.objects.filter(version__model__project=project_of(request))
    return rows.select_related("version__model", "prompt_version__prompt")


def _mark(request: Request, number: int) -> Deployment:
    found: Deployment | None = _marks(request).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no change marker with this id in the project; GET /api/v1/deployments lists them.")
    return found


def _saved(mark: Deployment, model: Model, asked: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {name: asked[name] for name in PLAIN if name in asked}
    if "version" in asked:
        values["version"] = _version(model, asked["version"])
    if {"prompt", "prompt_version"} & asked.keys():
        values["prompt_version"] = _prompt(model.project, asked)
    try:
        mark_deployment(mark, values)
    except Invalid as error:
        raise ValidationError(error.message_dict) from error
    return dict(ChangeMarkerSerializer(mark).data)


def _version(model: Model, version: str) -> ModelVersion:
    number = ensure_version(
        project_id=model.project_id,
        slug=model.slug,
        version=version,
        kind=model.kind,
        positive_label=model.positive_label,
        cap=int(str(settings.INGEST["unreviewed_cap"])),
    )
    return ModelVersion.objects.select_related("model").get(pk=number)


def _prompt(project: Project, asked: dict[str, Any]) -> PromptVersion | None:
    if asked.get("prompt") is None:
        if asked.get("prompt_version"):
            raise ValidationError({"prompt": "Name the prompt whose version this is."})
        return None
    rows = PromptVersion.objects.select_related("prompt").filter(prompt__project=project, prompt__name=asked["prompt"])
    found = rows.filter(version=asked.get("prompt_version") or "").first()
    if found is None:
        raise ValidationError({"prompt_version": "There is no such version of this prompt in the project."})
    return found
