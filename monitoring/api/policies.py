"""`/api/v1/policies`: what applications may cost and use, how they stand, and whether one more call is within it."""

from math import isfinite
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.authenticate import project_of
from monitoring.llm.limits import Facts
from monitoring.models import Policy, PolicyEvent
from monitoring.policies.decide import Asked, Decision, decide
from monitoring.policies.standing import Use, read_standing

EVENTS_SHOWN = 50
DEFINITION = (
    *("slug", "name", "description", "environment", "enabled", "on_failure", "max_latency_ms"),
    *("quality_measure", "quality_comparison", "quality_bound", "quality_samples"),
    *("allowed_models", "parameters", "allowed_parameters", "required_context"),
)
DOLLARS = ("max_cost_day_usd", "max_cost_month_usd", "max_cost_user_day_usd")
# What a question says of a call; every other name is a parameter of it.
ABOUT = ("user_id", "environment", "provider", "request_model", "prompt_name", "prompt_version", "version")
ELSE = frozenset({*ABOUT, "project", "format"})


class UnreachableError(APIException):
    """The policy was never read in this process and cannot be now."""

    status_code = 503
    default_detail = "The database cannot be reached; ask again."
    default_code = "unavailable"
    wait = 5


class PolicySerializer(serializers.Serializer[dict[str, Any]]):
    """A definition, how the application stands (`use`), and the newest windows in which it did not keep to it."""

    slug = serializers.CharField()
    model = serializers.CharField()
    enabled = serializers.BooleanField()
    on_failure = serializers.ChoiceField(Policy.OnFailure.choices)
    use = serializers.ListField(child=serializers.DictField())
    events = serializers.ListField(child=serializers.DictField())


class PolicyListSerializer(serializers.Serializer[dict[str, Any]]):
    """Every policy of the project."""

    items = PolicySerializer(many=True)


class DecisionSerializer(serializers.Serializer[dict[str, Any]]):
    """Whether a call is within the policy, and why not."""

    allow = serializers.BooleanField()
    state = serializers.CharField()
    reasons = serializers.ListField(child=serializers.DictField())
    notes = serializers.ListField(child=serializers.CharField())
    retry_after = serializers.IntegerField(required=False)


class PoliciesView(APIView):
    """The project's policies."""

    @extend_schema(responses=PolicyListSerializer, operation_id="policies")
    def get(self, request: Request) -> Response:
        """By slug, with the newest events of each."""
        return Response({"items": _to_wire(list(_policies(request)))})


class PolicyView(APIView):
    """One policy."""

    @extend_schema(responses=PolicySerializer, operation_id="policy")
    def get(self, request: Request, slug: str) -> Response:
        """With the newest 50 events."""
        found = list(_policies(request).filter(slug=slug))
        if not found:
            raise NotFound("There is no policy with this slug in the project.")
        return Response(_to_wire(found)[0])


class DecisionView(APIView):
    """An answer for a gateway. A deny is an answer, not an error."""

    @extend_schema(
        operation_id="decide",
        parameters=[OpenApiParameter(name, str) for name in ABOUT],
        responses=DecisionSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Whether a call is within the policy; names that are not listed are parameters of the call."""
        params = request.query_params.dict()
        try:
            decision = decide(project_of(request).pk, slug, _asked(params), now=clock.now())
        except Policy.DoesNotExist as error:
            raise NotFound("There is no policy with this slug in the project.") from error
        except DatabaseError as error:
            raise UnreachableError from error
        return Response(decision_to_wire(decision))


def decision_to_wire(decision: Decision) -> dict[str, Any]:
    """A decision in the words of the API; `retry_after` (seconds) only where waiting helps."""
    told: dict[str, Any] = {
        "allow": decision.allow,
        "state": decision.state,
        "reasons": [reason._asdict() for reason in decision.reasons],
        "notes": list(decision.notes),
    }
    return told if decision.retry_after is None else {**told, "retry_after": decision.retry_after}


def _asked(params: dict[str, str]) -> Asked:
    return Asked(
        params.get("user_id", ""),
        params.get("environment", ""),
        Facts(
            provider=params.get("provider", ""),
            models=(params.get("request_model", ""),),
            parameters={name: _number(value) for name, value in params.items() if name not in ELSE},
            prompt=params.get("prompt_name", ""),
            prompt_version=params.get("prompt_version", ""),
            version=params.get("version", ""),
        ),
    )


def _number(text: str) -> float | str:
    """A number where it is one; anything else stays text, which is within no bounds."""
    try:
        found = float(text)
    except ValueError:
        return text
    return found if isfinite(found) else text


def _policies(request: Request) -> Any:
    return Policy.objects.filter(project=project_of(request)).select_related("model")


def _to_wire(policies: list[Policy]) -> list[dict[str, Any]]:
    standing = read_standing(policies, now=clock.now())
    events: dict[int, list[PolicyEvent]] = {policy.pk: [] for policy in policies}
    for event in _newest_of_each(policies):
        events[event.policy_id].append(event)
    return [
        {
            **{name: getattr(policy, name) for name in DEFINITION},
            **{name: _dollars(getattr(policy, name)) for name in DOLLARS},
            "model": policy.model.slug,
            "quality_window_s": policy.quality_window.total_seconds(),
            "use": [_use(use) for use in standing[policy.pk]],
            "events": [_event(event) for event in events[policy.pk]],
        }
        for policy in policies
    ]


def _newest_of_each(policies: list[Policy]) -> QuerySet[PolicyEvent]:
    """The newest events of each policy, newest first: a noisy one hides none of a quiet one's."""
    place = Window(RowNumber(), partition_by="policy", order_by=["-start", "-id"])
    return PolicyEvent.objects.filter(policy__in=policies).annotate(place=place).filter(place__lte=EVENTS_SHOWN)


def _dollars(value: Any) -> float | None:
    return None if value is None else float(value)


def _use(use: Use) -> dict[str, Any]:
    return {
        "limit": use.limit.value,
        "value": use.value,
        "bound": use.bound,
        "over": use.over,
        "n": use.n,
        "calls_unpriced": use.unpriced,
        "start": use.start.isoformat(),
        "end": use.end.isoformat(),
    }


def _event(event: PolicyEvent) -> dict[str, Any]:
    return {
        "limit": event.limit,
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "count": event.count,
        "value": event.value,
        "bound": event.bound,
        "subject": event.subject,
    }
