"""Runbooks and reviews for programs."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.incidents import IncidentActionView, IncidentDetailSerializer
from alerting.models import Incident
from lib import clock
from models_registry.authenticate import actor_of, project_of
from runbooks.closing import close_reviewed
from runbooks.models import ActionItem, Review, Runbook, Step
from runbooks.review import review_markdown, times


class StepSerializer(serializers.ModelSerializer[Step]):
    """One step; the body is Markdown."""

    class Meta:
        """In order."""

        model = Step
        fields = ["position", "title", "body"]


class RunbookSerializer(serializers.ModelSerializer[Runbook]):
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


class ActionItemSerializer(serializers.ModelSerializer[ActionItem]):
    """What will be different next time."""

    class Meta:
        """By due date."""

        model = ActionItem
        fields = ["title", "owner", "due", "done_at"]


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """A review without its text."""

    incident = serializers.SlugRelatedField[Any](slug_field="number", read_only=True)

    class Meta:
        """Identity and state."""

        model = Review
        fields = ["incident", "state", "created_at", "edited_at", "published_at"]


class ReviewListSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = ReviewSerializer(many=True)


class ReviewDetailSerializer(ReviewSerializer):
    """A review with its text, times in seconds and action items."""

    language = serializers.CharField(help_text="Of the text: en, pt-br; empty while nobody has saved it.")
    markdown = serializers.CharField()
    detect_s = serializers.FloatField(allow_null=True)
    acknowledge_s = serializers.FloatField(allow_null=True)
    mitigate_s = serializers.FloatField(allow_null=True)
    resolve_s = serializers.FloatField(allow_null=True)
    actions = ActionItemSerializer(many=True)

    class Meta(ReviewSerializer.Meta):
        """Text last."""

        fields = [
            *ReviewSerializer.Meta.fields,
            *["detect_s", "acknowledge_s", "mitigate_s", "resolve_s", "actions", "language", "markdown"],
        ]


class RunbooksView(APIView):
    """Runbooks of the project."""

    read_permission = "runbooks.view_runbook"

    @extend_schema(responses=RunbookListSerializer, operation_id="runbooks")
    def get(self, request: Request) -> Response:
        """Every runbook, by title."""
        runbooks = Runbook.objects.filter(project=project_of(request)).prefetch_related("steps", "rules")
        return Response({"items": RunbookSerializer(runbooks, many=True).data})


class ReviewsView(APIView):
    """Reviews of the project."""

    read_permission = "runbooks.view_review"

    @extend_schema(responses=ReviewListSerializer, operation_id="reviews")
    def get(self, request: Request) -> Response:
        """The latest 200, newest first."""
        reviews = Review.objects.filter(incident__project=project_of(request)).select_related("incident")[:200]
        return Response({"items": ReviewSerializer(reviews, many=True).data})


class ReviewView(APIView):
    """The review of one incident."""

    read_permission = "runbooks.view_review"

    @extend_schema(responses=ReviewDetailSerializer, operation_id="review")
    def get(self, request: Request, number: int) -> Response:
        """Its text as Markdown, how long things took, and the action items."""
        rows = Review.objects.filter(incident__project=project_of(request), incident__number=number)
        review = rows.select_related("incident__model").prefetch_related("actions").first()
        if review is None:
            raise NotFound("This incident has no review; it gets one when it is resolved.")
        took = times(review.incident)
        return Response(
            {
                **ReviewSerializer(review).data,
                "detect_s": _seconds(took.detect),
                "acknowledge_s": _seconds(took.acknowledge),
                "mitigate_s": _seconds(took.mitigate),
                "resolve_s": _seconds(took.resolve),
                "actions": ActionItemSerializer(review.actions.all(), many=True).data,
                "language": review.language,
                "markdown": review_markdown(review),
            }
        )


class CloseSerializer(serializers.Serializer[dict[str, Any]]):
    """Why there will be no review; not needed once there is one."""

    without_review = serializers.CharField(max_length=10_000, required=False, default="", allow_blank=True)


class CloseView(IncidentActionView):
    """Nothing is left to do or to learn."""

    body = CloseSerializer

    @extend_schema(request=CloseSerializer, responses=IncidentDetailSerializer, operation_id="incident_close")
    def post(self, request: Request, number: int) -> Response:
        """Close a resolved incident whose review is published, or say why there will be none."""
        return super().post(request, number)

    def act(self, incident: Incident, request: Request, data: dict[str, Any]) -> None:
        """Call the verb."""
        close_reviewed(incident, by=actor_of(request), why=data["without_review"], now=clock.now())


def _seconds(took: timedelta | None) -> float | None:
    return None if took is None else took.total_seconds()
