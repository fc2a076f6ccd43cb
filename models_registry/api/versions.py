"""`/api/v1/models/{slug}/versions`: what versions a model has, declared, annotated and reviewed."""

from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db import IntegrityError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib.pages import MAX_LIMIT
from lib.problem import Conflict
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.confirmed import CONFIRM, remove_asked
from models_registry.models import Model, ModelVersion
from models_registry.moments import RowSerializer
from models_registry.paging import asked_of, asked_page
from models_registry.versions import declare_version

PAGE_PARAMETERS = [
    OpenApiParameter("reviewed", bool, description="Only those that somebody has confirmed, or only those that wait."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]
INSTEAD = "Records of it stay; say so in its `notes` instead."
VERSION = OpenApiParameter("version", str, OpenApiParameter.PATH, description="May hold slashes.")


class ModelVersionSerializer(RowSerializer[ModelVersion]):
    """A version, and what people say of it."""

    class Meta:
        """Identity, state, words."""

        model = ModelVersion
        fields = ["version", "reviewed", "notes", "created_at"]


class ModelVersionPageSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = ModelVersionSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ModelVersionChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """What is said of a version."""

    reviewed = serializers.BooleanField(required=False)
    notes = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class GivenModelVersionSerializer(ModelVersionChangeSerializer):
    """A version before its first event; reviewed unless it says otherwise."""

    version = serializers.CharField(max_length=200)


class ModelVersionsView(APIView):
    """Versions of a model."""

    write_scope = "admin"
    read_permission = "models_registry.view_modelversion"
    permission = "models_registry.add_modelversion"

    @extend_schema(responses=ModelVersionPageSerializer, operation_id="model_versions", parameters=PAGE_PARAMETERS)
    def get(self, request: Request, slug: str) -> Response:
        """One page, those that were seen last first."""
        params, rows = asked_of(request, PAGE_PARAMETERS), ModelVersion.objects.filter(model=_model(request, slug))
        if asked := params.get("reviewed"):
            if asked not in ("true", "false"):
                raise ValidationError({"reviewed": "true or false."})
            rows = rows.filter(reviewed=asked == "true")
        page = asked_page(params, rows, time="id")
        return Response({"items": ModelVersionSerializer(page.items, many=True).data, "next": page.next})

    @extend_schema(
        request=GivenModelVersionSerializer,
        responses={201: ModelVersionSerializer},
        operation_id="model_version_create",
    )
    def post(self, request: Request, slug: str) -> Response:
        """Declare one; 409 if it is there, as it is once an event has named it."""
        given = GivenModelVersionSerializer(data=request.data)
        refuse_unless_valid(given)
        model, values = _model(request, slug), dict(given.validated_data)
        version = values.pop("version")
        if ModelVersion.objects.filter(model=model, version=version).exists():
            raise Conflict(_taken(version))
        return Response(_declared(model, version, values), status=status.HTTP_201_CREATED)


class ModelVersionView(APIView):
    """One version."""

    write_scope = "admin"
    read_permission = "models_registry.view_modelversion"
    permission = "models_registry.change_modelversion"
    delete_permission = "models_registry.delete_modelversion"

    @extend_schema(responses=ModelVersionSerializer, operation_id="model_version", parameters=[VERSION])
    def get(self, request: Request, slug: str, version: str) -> Response:
        """What is said of it."""
        return Response(ModelVersionSerializer(_version(_model(request, slug), version)).data)

    @extend_schema(
        request=ModelVersionChangeSerializer,
        responses=ModelVersionSerializer,
        operation_id="model_version_change",
        parameters=[VERSION],
    )
    def patch(self, request: Request, slug: str, version: str) -> Response:
        """Confirm it, or write what is different about it; what is left out stays."""
        given = ModelVersionChangeSerializer(data=request.data, partial=True)
        refuse_unless_valid(given)
        model = _model(request, slug)
        _version(model, version)
        return Response(_declared(model, version, given.validated_data))

    @extend_schema(responses={204: None}, operation_id="model_version_remove", parameters=[VERSION, CONFIRM])
    def delete(self, request: Request, slug: str, version: str) -> Response:
        """Remove it; with `confirm` also with what was measured of it. 409 where that is missing or records keep it."""
        remove_asked(request, _version(_model(request, slug), version), key=version, instead=INSTEAD)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _model(request: Request, slug: str) -> Model:
    found = Model.objects.filter(project=project_of(request), slug=slug).first()
    if found is None:
        raise NotFound("There is no model with this slug in the project.")
    return found


def _version(model: Model, version: str) -> ModelVersion:
    found = ModelVersion.objects.filter(model=model, version=version).first()
    if found is None:
        raise NotFound("This model has no such version; POST declares one, and events register theirs.")
    return found


def _declared(model: Model, version: str, values: dict[str, Any]) -> dict[str, Any]:
    try:
        row, _new = declare_version(model, version, values)
    except IntegrityError as error:
        raise Conflict(_taken(version)) from error
    except Invalid as error:
        raise ValidationError(error.message_dict) from error
    return dict(ModelVersionSerializer(row).data)


def _taken(version: str) -> str:
    return f"The model has a version {version} already; PATCH changes what is said of it."
