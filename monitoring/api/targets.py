"""Scrape targets for programs: how each is doing, and its secret. They are defined by `/api/v1/definitions`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib.vault import seal
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.moments import RowSerializer
from monitoring.models import ScrapeTarget
from monitoring.validate import token_problem


class ScrapeTargetSerializer(RowSerializer[ScrapeTarget]):
    """A target and how it is doing; its secret is never shown."""

    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    interval_s = serializers.SerializerMethodField()
    has_secret = serializers.SerializerMethodField()
    up = serializers.SerializerMethodField()

    class Meta:
        """Definition, then health."""

        model = ScrapeTarget
        fields = [
            *["slug", "model", "environment", "url", "interval_s", "names", "has_secret", "enabled"],
            *["up", "last_at", "last_ok_at", "last_error", "last_ms", "last_samples"],
        ]

    def get_interval_s(self, target: ScrapeTarget) -> int:
        """In seconds."""
        return int(target.interval.total_seconds())

    def get_has_secret(self, target: ScrapeTarget) -> bool:
        """Whether there is one; never which."""
        return bool(target.secret)

    def get_up(self, target: ScrapeTarget) -> bool | None:
        """Whether the last scrape succeeded; null before the first."""
        return None if target.last_ms is None else target.is_up


class ScrapeTargetListSerializer(serializers.Serializer[dict[str, Any]]):
    """All targets of the project."""

    items = ScrapeTargetSerializer(many=True)


class BearerTokenSerializer(serializers.Serializer[dict[str, Any]]):
    """What the target is asked with."""

    secret = serializers.CharField(max_length=2_000, write_only=True)

    def validate_secret(self, token: str) -> str:
        """What no header could carry is refused here, not with every scrape."""
        problem = token_problem(token)
        if problem:
            raise serializers.ValidationError(problem)
        return token


class ScrapeTargetsView(APIView):
    """Targets of the project."""

    read_permission = "monitoring.view_scrapetarget"

    @extend_schema(responses=ScrapeTargetListSerializer, operation_id="scrape_targets")
    def get(self, request: Request) -> Response:
        """Every target, by slug, and how it is doing."""
        rows = ScrapeTarget.objects.filter(project=project_of(request)).select_related("model")
        return Response({"items": ScrapeTargetSerializer(rows, many=True).data})


class ScrapeTargetSecretView(APIView):
    """The bearer token of a target: written, never read back."""

    permission = "monitoring.change_scrapetarget"
    write_scope = "admin"

    @extend_schema(request=BearerTokenSerializer, responses=ScrapeTargetSerializer, operation_id="scrape_target_secret")
    def put(self, request: Request, slug: str) -> Response:
        """Set it; 404 where there is no such target."""
        given = BearerTokenSerializer(data=request.data)
        refuse_unless_valid(given)
        target = ScrapeTarget.objects.filter(project=project_of(request), slug=slug).select_related("model").first()
        if target is None:
            raise NotFound("There is no scrape target with this slug in the project.")
        target.secret = seal(given.validated_data["secret"])
        target.save(update_fields=["secret"])
        return Response(ScrapeTargetSerializer(target).data)
