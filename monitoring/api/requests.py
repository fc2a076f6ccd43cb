"""One request by any of its ids, as a program asks for it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from models_registry.authenticate import project_of
from monitoring.models import LLMCall
from monitoring.selectors.requests import WHOLE_SPANS, read_spans, read_story
from monitoring.selectors.wire import event_to_wire


class RequestSerializer(serializers.Serializer[dict[str, Any]]):
    """Everything that shares the id, oldest first."""

    id = serializers.CharField()
    found_as = serializers.ListField(child=serializers.CharField())
    request_ids = serializers.ListField(child=serializers.CharField())
    trace_ids = serializers.ListField(child=serializers.CharField())
    predictions = serializers.ListField(child=serializers.DictField())
    llm_calls = serializers.ListField(child=serializers.DictField())
    spans = serializers.ListField(child=serializers.DictField())
    logs = serializers.ListField(child=serializers.DictField())
    outcomes = serializers.ListField(child=serializers.DictField())
    feedback = serializers.ListField(child=serializers.DictField())
    cost_usd = serializers.FloatField(allow_null=True)
    cut = serializers.ListField(child=serializers.CharField())


class RequestView(APIView):
    """A request, found by its own id or by that of anything in it."""

    @extend_schema(responses=RequestSerializer, operation_id="request")
    def get(self, request: Request, request_id: str) -> Response:
        """404 where nothing has this id."""
        project = project_of(request)
        story = read_story(project, request_id)
        if story is None:
            detail = "Nothing here has this id. Ids match exactly; what retention dropped is not found any more."
            raise NotFound(detail)
        spans = read_spans(project, story)
        served = [event_to_wire(event) for event in story.served]
        is_call = [isinstance(event, LLMCall) for event in story.served]
        costs = [wire["cost_usd"] for wire in served if wire.get("cost_usd") is not None]
        return Response(
            {
                "id": request_id,
                "found_as": story.names,
                "request_ids": story.request_ids,
                "trace_ids": story.trace_ids,
                "predictions": [wire for wire, call in zip(served, is_call, strict=True) if not call],
                "llm_calls": [wire for wire, call in zip(served, is_call, strict=True) if call],
                "spans": [event_to_wire(event) for event in spans],
                "logs": [event_to_wire(event) for event in story.logs],
                "outcomes": [event_to_wire(event) for event in story.outcomes],
                "feedback": [event_to_wire(event) for event in story.feedback],
                "cost_usd": sum(costs) if costs else None,
                "cut": [*story.cut, *(["spans"] if len(spans) >= WHOLE_SPANS else [])],
            }
        )
