"""Runs for programs: a runbook followed inside an incident, step by step."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.conflict import Conflict
from alerting.answers.incidents import incident_of
from alerting.errors import Refused
from lib import clock
from models_registry.authenticate import actor_of, project_of
from models_registry.bodies import refuse_any, refuse_unless_valid
from models_registry.moments import RowSerializer
from runbooks.conduct import complete_step, reopen_step, start_run
from runbooks.models import Run, Runbook, RunStep
from runbooks.selectors import runbooks_for


class RunStepSerializer(RowSerializer[RunStep]):
    """A step as it stood when the run began; the body is Markdown."""

    done_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)

    class Meta:
        """What is asked, then who did it and what they saw."""

        model = RunStep
        fields = ["id", "position", "title", "body", "done_at", "done_by", "note"]


class RunSerializer(RowSerializer[Run]):
    """A run; it is finished with its last step."""

    runbook = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    title = serializers.CharField(source="runbook.title", read_only=True)
    started_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    finished_at = serializers.SerializerMethodField()
    steps = RunStepSerializer(many=True, read_only=True)

    class Meta:
        """Steps last, in order."""

        model = Run
        fields = ["runbook", "title", "started_at", "started_by", "finished_at", "steps"]

    def get_finished_at(self, run: Run) -> str | None:
        """When the last step was done; null while one is open."""
        moments = [step.done_at for step in run.steps.all()]
        known = [at for at in moments if at is not None]
        return max(known).isoformat() if known and len(known) == len(moments) else None


class RunListSerializer(serializers.Serializer[dict[str, Any]]):
    """Runs of an incident, and the runbooks of the rules that fired in it: `suggested`, those begun already left out."""

    items = RunSerializer(many=True)
    suggested = serializers.ListField(child=serializers.CharField())


class StartedRunSerializer(serializers.Serializer[dict[str, Any]]):
    """Which runbook, by its slug."""

    runbook = serializers.CharField(max_length=64)


class StepNoteSerializer(serializers.Serializer[dict[str, Any]]):
    """What was seen."""

    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)


class RunsView(APIView):
    """Runbooks that are followed in an incident."""

    read_permission = "runbooks.view_run"
    permission = "runbooks.change_run"

    @extend_schema(responses=RunListSerializer, operation_id="runs")
    def get(self, request: Request, number: int) -> Response:
        """Every run with its steps, and what the rules that fired suggest."""
        incident = incident_of(request, number)
        runs = _runs().filter(incident=incident).order_by("started_at", "pk")
        begun = {run.runbook.slug for run in runs}
        suggested = [one.slug for one in runbooks_for(incident) if one.slug not in begun]
        return Response({"items": RunSerializer(runs, many=True).data, "suggested": suggested})

    @extend_schema(
        request=StartedRunSerializer, responses={200: RunSerializer, 201: RunSerializer}, operation_id="run_start"
    )
    def post(self, request: Request, number: int) -> Response:
        """Copy a runbook's steps into the incident; starting it twice gives the same run, with 200."""
        given = StartedRunSerializer(data=request.data)
        refuse_unless_valid(given)
        incident, slug = incident_of(request, number), given.validated_data["runbook"]
        runbook = Runbook.objects.filter(project=project_of(request), slug=slug).first()
        if runbook is None:
            raise ValidationError({"runbook": "There is no such runbook; GET /api/v1/runbooks lists them."})
        known = Run.objects.filter(incident=incident, runbook=runbook).exists()
        run = start_run(incident=incident, runbook=runbook, by=actor_of(request), now=clock.now())
        code = status.HTTP_200_OK if known else status.HTTP_201_CREATED
        return Response(RunSerializer(_runs().get(pk=run.pk)).data, status=code)


class RunView(APIView):
    """One run."""

    read_permission = "runbooks.view_run"

    @extend_schema(responses=RunSerializer, operation_id="run")
    def get(self, request: Request, number: int, slug: str) -> Response:
        """How far it is: each step with who did it, when, and what they noted."""
        found = _runs().filter(incident=incident_of(request, number), runbook__slug=slug).first()
        if found is None:
            raise NotFound("This runbook is not followed in this incident; POST to its runs starts it.")
        return Response(RunSerializer(found).data)


class StepDoneView(APIView):
    """A tick."""

    permission = "runbooks.change_run"

    @extend_schema(request=StepNoteSerializer, responses=RunSerializer, operation_id="run_step_done")
    def post(self, request: Request, number: int, step: int) -> Response:
        """Mark the step done, with what was seen; 409 where somebody did so already."""
        given = StepNoteSerializer(data=request.data)
        refuse_unless_valid(given)
        by, note = actor_of(request), given.validated_data["note"]
        return _moved(request, number, step, lambda row: complete_step(row, by=by, note=note, now=clock.now()))


class StepReopenView(APIView):
    """A tick taken back."""

    permission = "runbooks.change_run"

    @extend_schema(request=None, responses=RunSerializer, operation_id="run_step_reopen")
    def post(self, request: Request, number: int, step: int) -> Response:
        """Open it again; the note stays in the timeline. 409 where it is open."""
        refuse_any(request)
        by = actor_of(request)
        return _moved(request, number, step, lambda row: reopen_step(row, by=by, now=clock.now()))


def _moved(request: Request, number: int, step: int, move: Callable[[RunStep], object]) -> Response:
    rows = RunStep.objects.filter(run__incident=incident_of(request, number), pk=step)
    row = rows.select_related("run__incident", "run__runbook").first()
    if row is None:
        raise NotFound("No run of this incident has such a step; GET lists runs with their steps.")
    try:
        move(row)
    except Refused as error:
        raise Conflict(str(error)) from error
    return Response(RunSerializer(_runs().get(pk=row.run_id)).data)


def _runs() -> Any:
    return Run.objects.select_related("runbook", "started_by").prefetch_related("steps__done_by")
