"""`/api/v1/evaluators`: what is judged of answers, how often they pass, and what a definition would say of the newest calls."""

from datetime import UTC
from typing import Any

from django.core.exceptions import ValidationError as Wrong
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.api.jobs import JobSerializer
from models_registry.authenticate import project_of
from models_registry.bodies import body_of, refuse_unless_valid
from models_registry.models import Model, Project, User
from models_registry.moments import MomentField, RowSerializer
from monitoring.answers.asked import moment_of
from monitoring.drain.past_calls import RangeError
from monitoring.models import Evaluator
from monitoring.quality.evaluator_rates import DAY, Rate, read_rates
from monitoring.quality.evaluator_tryout import Tried, try_evaluator
from monitoring.quality.rejudge import start_rejudge
from monitoring.selectors.evaluations import verdict_to_wire
from monitoring.selectors.wire import moment, reading_to_wire
from monitoring.validate import evaluator_problems

DEFINITION = [
    "slug",
    "name",
    "description",
    "model",
    "environment",
    "prompt_name",
    "kind",
    "settings",
    "share",
    "enabled",
]


RejudgeSerializer = inline_serializer("Rejudge", {"from": MomentField(), "to": MomentField(required=False)})


class PassReadingSerializer(serializers.Serializer[dict[str, Any]]):
    """A number, its sample and its 95 % interval; null where nothing was judged."""

    value = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class EvaluatorRateSerializer(serializers.Serializer[dict[str, Any]]):
    """Of one application."""

    model = serializers.CharField()
    pass_rate = PassReadingSerializer()
    mean_score = PassReadingSerializer()


class EvaluatorSerializer(serializers.Serializer[dict[str, Any]]):
    """A definition, and how often answers passed it in the last 24 hours."""

    slug = serializers.CharField()
    model = serializers.CharField(allow_null=True, help_text="Null: every LLM application of the project.")
    kind = serializers.ChoiceField(Evaluator.Kind.choices)
    settings = serializers.DictField()
    share = serializers.FloatField()
    enabled = serializers.BooleanField()
    last_day = EvaluatorRateSerializer(many=True)


class EvaluatorListSerializer(serializers.Serializer[dict[str, Any]]):
    """Every evaluator of the project."""

    items = EvaluatorSerializer(many=True)


class EvaluatorDefinitionSerializer(RowSerializer[Evaluator]):
    """An evaluator as it would be defined; its application by slug. Nothing is saved."""

    slug = serializers.SlugField(required=False, default="unsaved", max_length=28)
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)

    class Meta:
        """What a person decides; uniqueness is nobody's business where nothing is saved."""

        model = Evaluator
        fields = DEFINITION
        validators: list[Any] = []

    def __init__(self, *args: Any, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = Model.objects.filter(project=project)
        self.fields["model"] = serializers.SlugRelatedField(
            slug_field="slug", queryset=models, required=False, allow_null=True, default=None
        )


class EvaluatorPreviewRequestSerializer(serializers.Serializer[dict[str, Any]]):
    """Of what."""

    evaluator = serializers.JSONField(help_text="The slug of an evaluator, or an evaluator as it would be defined.")


class AnswerVerdictSerializer(serializers.Serializer[dict[str, Any]]):
    """What an evaluator says of an answer."""

    passed = serializers.BooleanField()
    score = serializers.FloatField()
    reason = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """`label` and `partial` are words of serializers."""
        more = {"label": serializers.CharField(), "partial": serializers.BooleanField()}
        return {**super().get_fields(), **more}


class TriedSerializer(serializers.Serializer[dict[str, Any]]):
    """A call and what is said of it; null where it cannot be judged."""

    id = serializers.CharField()
    ts = MomentField()
    answer = serializers.CharField()
    evaluation = AnswerVerdictSerializer(allow_null=True)


class TryoutSerializer(serializers.Serializer[dict[str, Any]]):
    """Counts, and the calls, newest first."""

    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    not_evaluated = serializers.IntegerField()
    calls = TriedSerializer(many=True)


class EvaluatorsView(APIView):
    """The project's evaluators. They are defined by `/api/v1/definitions/evaluators`."""

    @extend_schema(responses=EvaluatorListSerializer, operation_id="evaluators")
    def get(self, request: Request) -> Response:
        """By slug, with how often answers passed in the last 24 hours."""
        return Response({"items": _to_wire(list(_evaluators(request)))})


class EvaluatorView(APIView):
    """One evaluator."""

    @extend_schema(responses=EvaluatorSerializer, operation_id="evaluator")
    def get(self, request: Request, slug: str) -> Response:
        """Its failures are listed by `/api/v1/llm-calls?failed_evaluator={slug}`."""
        found = list(_evaluators(request).filter(slug=slug))
        if not found:
            raise NotFound("There is no evaluator with this slug in the project.")
        return Response(_to_wire(found)[0])


class EvaluatorPreviewView(APIView):
    """What an evaluator, saved or not, says of the newest 50 calls of the last seven days."""

    permission = "monitoring.view_llmcall"  # answers are shown
    write_scope = "read"

    @extend_schema(
        request=EvaluatorPreviewRequestSerializer, responses=TryoutSerializer, operation_id="evaluator_preview"
    )
    def post(self, request: Request) -> Response:
        """Nothing is saved."""
        given = EvaluatorPreviewRequestSerializer(data=request.data)
        refuse_unless_valid(given)
        evaluator = _asked(project_of(request), given.validated_data["evaluator"])
        found = try_evaluator(evaluator, now=clock.now())
        return Response({**found.counts, "calls": [_tried(one) for one in found.calls]})


class RejudgeView(APIView):
    """Past answers by the evaluators as they are now; people need the permission to change evaluators."""

    write_scope = "admin"
    permission = "monitoring.change_evaluator"

    @extend_schema(request=RejudgeSerializer, responses={202: JobSerializer}, operation_id="rejudge")
    def post(self, request: Request) -> Response:
        """Start the job."""
        body = body_of(request, RejudgeSerializer)
        now = clock.now()
        start, end = moment_of(body, "from"), moment_of(body, "to") or now
        if start is None:
            raise ValidationError({"from": "Say from when on, as RFC 3339 with offset."})
        by = request.user if isinstance(request.user, User) else None
        try:
            job = start_rejudge(project_of(request), start=start, end=end, now=now, by=by)
        except RangeError as error:
            raise ValidationError({"to": str(error)}) from error
        return Response(JobSerializer(job).data, status=202)


def _evaluators(request: Request) -> Any:
    return Evaluator.objects.filter(project=project_of(request)).select_related("model")


def _asked(project: Project, given: Any) -> Evaluator:
    if isinstance(given, str):
        found = Evaluator.objects.filter(project=project, slug=given).select_related("model", "project").first()
        if found is None:
            told = f"There is no evaluator {given} in the project; GET /api/v1/evaluators lists them."
            raise ValidationError({"evaluator": told})
        return found
    if not isinstance(given, dict):
        raise ValidationError({"evaluator": "Write an object with the fields of an evaluator."})
    if unknown := sorted(given.keys() - set(DEFINITION)):
        told = f"Unknown fields: {', '.join(unknown)}. An evaluator has {', '.join(DEFINITION)}."
        raise ValidationError({"evaluator": told})
    form = EvaluatorDefinitionSerializer(data=given, project=project)
    if not form.is_valid():
        raise ValidationError({"evaluator": form.errors})
    evaluator = Evaluator(project=project, **form.validated_data)
    try:
        evaluator.clean()
    except Wrong as error:
        raise ValidationError({"evaluator": error.message_dict}) from error
    if problems := evaluator_problems(evaluator):
        raise ValidationError({"evaluator": problems})
    return evaluator


def _to_wire(evaluators: list[Evaluator]) -> list[dict[str, Any]]:
    now = clock.now()
    rates = read_rates(evaluators, start=now - DAY, end=now)
    return [
        {
            **{name: getattr(one, name) for name in DEFINITION},
            "model": one.model.slug if one.model else None,
            "last_day": [_rate(rate) for rate in rates.get(one.pk, ())],
        }
        for one in evaluators
    ]


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "model": rate.model.slug,
        "pass_rate": reading_to_wire(rate.pass_rate),
        "mean_score": reading_to_wire(rate.mean_score),
    }


def _tried(one: Tried) -> dict[str, Any]:
    return {
        "id": one.call.event_id,
        "ts": moment(one.call.ts_us).astimezone(UTC).isoformat(),
        "answer": one.answer,
        "evaluation": verdict_to_wire(one.verdict) if one.verdict else None,
    }
