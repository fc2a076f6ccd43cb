"""`/api/v1/models/{slug}/pipeline`: where time, money and errors of an application go, step by step."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.pages import MAX_LIMIT
from models_registry.moments import MomentField
from models_registry.paging import asked_limit, asked_of
from monitoring.answers.asked import model_of, span_of
from monitoring.selectors.pipeline import read_sample
from monitoring.selectors.wire import NANO
from monitoring.stats.pipeline import Pipeline, Step, add_up_steps

PARAMETERS = [
    OpenApiParameter("from", str, description="The last 24 hours unless given."),
    OpenApiParameter("to", str),
    OpenApiParameter("prompt", str, description="Only calls that name this prompt."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT} steps, those that weigh most."),
]


class PipelineStepSerializer(serializers.Serializer[dict[str, Any]]):
    """All spans and calls of one path. `share` and money hold everything below; `self_share` adds up to 1 over all steps."""

    name = serializers.CharField()
    role = serializers.CharField()
    depth = serializers.IntegerField()
    count = serializers.IntegerField()
    traces = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    self_share = serializers.FloatField(allow_null=True)
    mean_ms = serializers.FloatField()
    p50_ms = serializers.FloatField()
    p95_ms = serializers.FloatField()
    error_rate = serializers.FloatField()
    calls = serializers.IntegerField()
    cost_usd = serializers.FloatField(allow_null=True)
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    slowest = serializers.CharField(help_text="A trace, request or call to look at.")
    failed = serializers.CharField(allow_null=True, help_text="One that failed.")

    def get_fields(self) -> dict[str, Any]:
        """`errors` is a word of serializers."""
        return {**super().get_fields(), "errors": serializers.IntegerField()}


PipelineSerializer = inline_serializer(
    "Pipeline",
    {
        "from": MomentField(),
        "to": MomentField(),
        "calls": serializers.IntegerField(),
        "calls_without_trace": serializers.IntegerField(),
        "traces": serializers.IntegerField(),
        "spans": serializers.IntegerField(),
        "is_sample": serializers.BooleanField(),
        "steps_left_out": serializers.IntegerField(),
        "steps": PipelineStepSerializer(many=True),
    },
)


class PipelineView(APIView):
    """The steps of one application."""

    @extend_schema(responses=PipelineSerializer, operation_id="model_pipeline", parameters=PARAMETERS)
    def get(self, request: Request, slug: str) -> Response:
        """From the newest 500 calls of the range and the spans of their traces; depth first, what takes longest first."""
        params, now = asked_of(request, PARAMETERS), clock.now()
        model, (start, end) = model_of(request, slug), span_of(params, now)
        limit = asked_limit(params)
        sample = read_sample(model, start=start, end=end, prompt=params.get("prompt", ""))
        found = add_up_steps(sample.parts, limit=limit)
        return Response(
            {
                "from": start,
                "to": end,
                "calls": sample.calls,
                "calls_without_trace": sample.calls - sample.traced,
                "traces": found.traces,
                "spans": found.parts,
                "is_sample": sample.cut,
                "steps_left_out": found.hidden,
                "steps": [_to_wire(step, found) for step in found.steps],
            }
        )


def _to_wire(step: Step, whole: Pipeline) -> dict[str, Any]:
    return {
        "name": step.name,
        "role": step.role,
        "depth": step.depth,
        "count": step.count,
        "traces": len(step.traces),
        "share": whole.share(step),
        "self_share": whole.self_share(step),
        "mean_ms": step.mean_us / 1_000,
        "p50_ms": step.quantile(0.5) / 1_000,
        "p95_ms": step.quantile(0.95) / 1_000,
        "errors": step.errors,
        "error_rate": step.error_rate,
        "calls": step.calls,
        "cost_usd": step.nano / NANO if step.costed else None,
        "input_tokens": step.tokens_in,
        "output_tokens": step.tokens_out,
        "slowest": step.slowest,
        "failed": step.failed or None,
    }
