"""`GET /api/v1/models`: what runs here, in which versions, and what changed when."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from models_registry.authenticate import project_of
from models_registry.confirmed import CONFIRM, remove_asked
from models_registry.models import Deployment, Model, ModelVersion
from models_registry.moments import RowSerializer

RECENT_DEPLOYMENTS = 50
INSTEAD = "Records stay: switch its rules off and send nothing more of it instead."


class ModelSerializer(RowSerializer[Model]):
    """The definition."""

    label_delay_s = serializers.SerializerMethodField()

    class Meta:
        """In the words of the contract."""

        model = Model
        fields = [
            "slug",
            "name",
            "description",
            "owner",
            "kind",
            "mode",
            "positive_label",
            "threshold",
            "label_delay_s",
            "score_min",
            "score_max",
            "bad_score",
            "feedback_categories",
            "bad_categories",
            "conversion_events",
            "value_matrix",
            "value_unit",
            "reviewed",
        ]

    def get_label_delay_s(self, model: Model) -> int:
        """How long after a prediction its label is usually known, in seconds."""
        return int(model.label_delay.total_seconds())


class VersionSerializer(RowSerializer[ModelVersion]):
    """One version."""

    class Meta:
        """Newest first."""

        model = ModelVersion
        fields = ["version", "reviewed", "created_at"]


class DeploymentSerializer(RowSerializer[Deployment]):
    """One change marker."""

    version = serializers.SlugRelatedField[Any](slug_field="version", read_only=True)

    class Meta:
        """Newest first."""

        model = Deployment
        fields = ["version", "kind", "environment", "at", "note"]


class ModelListSerializer(serializers.Serializer[dict[str, Any]]):
    """All of them; definitions are few."""

    items = ModelSerializer(many=True)


class ModelDetailSerializer(ModelSerializer):
    """The definition with its versions and the latest changes."""

    versions = VersionSerializer(many=True)
    deployments = DeploymentSerializer(many=True)

    class Meta(ModelSerializer.Meta):
        """Definition first."""

        fields = [*ModelSerializer.Meta.fields, "versions", "deployments"]


class ModelsView(APIView):
    """Models and LLM applications of the project."""

    @extend_schema(responses=ModelListSerializer, operation_id="models")
    def get(self, request: Request) -> Response:
        """Every model of the project, by slug."""
        models = Model.objects.filter(project=project_of(request))
        return Response({"items": ModelSerializer(models, many=True).data})


class ModelView(APIView):
    """One model."""

    write_scope = "admin"
    permission = "models_registry.delete_model"

    @extend_schema(responses=ModelDetailSerializer, operation_id="model")
    def get(self, request: Request, slug: str) -> Response:
        """Definition, versions, and up to 50 change markers, newest first."""
        model = _model(request, slug)
        changes = Deployment.objects.filter(version__model=model).select_related("version")[:RECENT_DEPLOYMENTS]
        return Response(
            {
                **ModelSerializer(model).data,
                "versions": VersionSerializer(model.versions.all(), many=True).data,
                "deployments": DeploymentSerializer(changes, many=True).data,
            }
        )

    @extend_schema(responses={204: None}, operation_id="model_remove", parameters=[CONFIRM])
    def delete(self, request: Request, slug: str) -> Response:
        """Remove it; with `confirm` also with its versions and what was measured of them. 409 where that is missing or records keep it."""
        remove_asked(request, _model(request, slug), key=slug, instead=INSTEAD)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _model(request: Request, slug: str) -> Model:
    found = Model.objects.filter(project=project_of(request), slug=slug).prefetch_related("versions").first()
    if found is None:
        raise NotFound("There is no model with this slug in the project.")
    return found
