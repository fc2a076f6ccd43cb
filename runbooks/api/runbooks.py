"""Runbooks for programs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from models_registry.authenticate import project_of
from models_registry.moments import RowSerializer
from runbooks.models import Runbook, Step


class StepSerializer(RowSerializer[Step]):
    """One step; the body is Markdown."""

    class Meta:
        """In order."""

        model = Step
        fields = ["position", "title", "body"]


class RunbookSerializer(RowSerializer[Runbook]):
    """A runbook with its steps and the rules it answers."""

    steps = StepSerializer(many=True, read_only=True)
    rules = serializers.SlugRelatedField[Any](slug_field="slug", many=True, read_only=True)

    class Meta:
        """Steps last."""

        model = Runbook
        fields = ["slug", "title", "summary", "owner", "verified_at", "rules", "steps"]


class RunbookListSerializer(serializers.Serializer[dict[str, Any]]):
    """All of them; definitions are few."""

    items = RunbookSerializer(many=True)


class RunbooksView(APIView):
    """Runbooks of the project."""

    read_permission = "runbooks.view_runbook"

    @extend_schema(responses=RunbookListSerializer, operation_id="runbooks")
    def get(self, request: Request) -> Response:
        """Every runbook, by title."""
        runbooks = Runbook.objects.filter(project=project_of(request)).prefetch_related("steps", "rules")
        return Response({"items": RunbookSerializer(runbooks, many=True).data})


class RunbookView(APIView):
    """One runbook."""

    read_permission = "runbooks.view_runbook"

    @extend_schema(responses=RunbookSerializer, operation_id="runbook")
    def get(self, request: Request, slug: str) -> Response:
        """With its steps; it is changed by `/api/v1/definitions/runbooks/{slug}`."""
        runbook = Runbook.objects.filter(project=project_of(request), slug=slug).first()
        if runbook is None:
            raise NotFound("There is no runbook with this slug in the project.")
        return Response(RunbookSerializer(runbook).data)
