"""What several addresses of this room answer with, and how they find what they are about."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from models_registry.authenticate import project_of
from models_registry.moments import RowSerializer
from runbooks.models import ActionItem, Review


class ActionItemSerializer(RowSerializer[ActionItem]):
    """What will be different next time; `incident` is the number of the one that taught it."""

    incident = serializers.IntegerField(source="review.incident.number", read_only=True)

    class Meta:
        """By due date."""

        model = ActionItem
        fields = ["id", "incident", "title", "owner", "due", "done_at"]
        read_only_fields = ["id", "done_at"]


def review_of(request: Request, number: int) -> Review:
    """The review of the project's incident of this number, or 404."""
    rows: Any = Review.objects.filter(incident__project=project_of(request), incident__number=number)
    related = rows.select_related("incident__model", "incident__project", "edited_by", "published_by")
    found: Review | None = related.prefetch_related("actions__review__incident").first()
    if found is None:
        raise NotFound("This incident has no review; it gets one when it is resolved, or by POST /api/v1/reviews.")
    return found
