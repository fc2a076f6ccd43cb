"""`/api/v1/batch-runs`: jobs that score in batches say how they go, and what they said is listed."""

from datetime import datetime, timedelta
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.pages import MAX_LIMIT
from lib.problem import Conflict
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.models import ApiKey
from models_registry.moments import RowSerializer
from models_registry.paging import asked_of, asked_page
from monitoring.answers.asked import model_of, moment_of
from monitoring.ingest.moments import epoch_us
from monitoring.ingest.window import window_at
from monitoring.models import BatchRun
from monitoring.models.batch_runs import MAX_ERROR
from monitoring.probes.batch_runs import OverError, Report, ReportError, report_run

MOST_ROWS: Final = 10**15
LONGEST_S: Final = 30 * 86_400
SAID: Final = ("rows_expected", "rows", "rows_failed", "error")
PAGE_PARAMETERS = [
    OpenApiParameter("model", str, description="Only runs of this model."),
    OpenApiParameter(
        "state", str, enum=BatchRun.State.values, description="Only runs in this state; a silent one is running."
    ),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class BatchRunSerializer(RowSerializer[BatchRun]):
    """A run: what its job said of it. *silent* is one that runs and was not heard of for longer than `heartbeat_s`."""

    id = serializers.CharField(source="run")
    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    state = serializers.SerializerMethodField()
    duration_s = serializers.SerializerMethodField()
    heartbeat_s = serializers.SerializerMethodField()
    completeness = serializers.FloatField(allow_null=True)

    class Meta:
        """Whose, how it stands, what it counted."""

        model = BatchRun
        fields = [
            *["id", "model", "version", "environment", "state", "started_at", "heard_at", "finished_at", "duration_s"],
            *["heartbeat_s", "rows_expected", "rows", "rows_failed", "completeness", "error"],
        ]

    def get_state(self, run: BatchRun) -> str:
        """Seen from now."""
        return run.seen_state(now=self.context["now"])

    def get_duration_s(self, run: BatchRun) -> float | None:
        """From start to finish, where both are known."""
        return None if run.duration is None else run.duration.total_seconds()

    def get_heartbeat_s(self, run: BatchRun) -> float | None:
        """How long it may be silent; null: as long as it likes."""
        return None if run.heartbeat is None else run.heartbeat.total_seconds()


class BatchRunPageSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = BatchRunSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class BatchRunReportSerializer(serializers.Serializer[dict[str, Any]]):
    """What a job says. `model` is needed where the run is not known yet; counts are those of the whole run so far."""

    id = serializers.CharField(max_length=200)
    event = serializers.ChoiceField(["start", "heartbeat", "finish"])
    model = serializers.CharField(max_length=200, required=False, default="")
    version = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    environment = serializers.CharField(max_length=64, required=False, default="")
    ts = serializers.JSONField(required=False, help_text="RFC 3339 with offset, or a number; now where it is left out.")
    heartbeat_s = serializers.FloatField(min_value=1, max_value=LONGEST_S, required=False, allow_null=True)
    rows_expected = serializers.IntegerField(min_value=0, max_value=MOST_ROWS, required=False, allow_null=True)
    rows = serializers.IntegerField(min_value=0, max_value=MOST_ROWS, required=False, allow_null=True)
    rows_failed = serializers.IntegerField(min_value=0, max_value=MOST_ROWS, required=False, allow_null=True)
    status = serializers.ChoiceField(["ok", "error"], required=False, default="ok")
    error = serializers.CharField(max_length=MAX_ERROR, required=False, allow_blank=True)


class BatchRunsView(APIView):
    """Runs of the project."""

    read_permission = "monitoring.view_batchrun"
    permission = "monitoring.add_batchrun"
    write_scope = "ingest"

    @extend_schema(responses=BatchRunPageSerializer, operation_id="batch_runs", parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, those that began last first."""
        params, rows = asked_of(request, PAGE_PARAMETERS), _runs(request)
        if slug := params.get("model"):
            rows = rows.filter(version__model=model_of(request, slug))
        if state := params.get("state"):
            if state not in BatchRun.State.values:
                raise ValidationError({"state": f"One of {', '.join(BatchRun.State.values)}."})
            rows = rows.filter(state=state)
        page = asked_page(params, rows, time="id")
        items = BatchRunSerializer(page.items, many=True, context={"now": clock.now()}).data
        return Response({"items": items, "next": page.next})

    @extend_schema(
        request=BatchRunReportSerializer,
        responses={200: BatchRunSerializer, 201: BatchRunSerializer},
        operation_id="batch_run_report",
    )
    def post(self, request: Request) -> Response:
        """Say that a run starts (201), is alive, or is over; the same report sent again changes nothing. 409 of a run that ended otherwise."""
        given = BatchRunReportSerializer(data=request.data)
        refuse_unless_valid(given)
        project, now = project_of(request), clock.now()
        report = _report(given.validated_data, _moment(request, given.validated_data, now))
        try:
            run, new = report_run(project, report, now=now)
        except ReportError as error:
            raise ValidationError({error.field: str(error)}) from error
        except OverError as error:
            raise Conflict(str(error)) from error
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(BatchRunSerializer(run, context={"now": now}).data, status=code)


class BatchRunView(APIView):
    """One run."""

    read_permission = "monitoring.view_batchrun"

    @extend_schema(responses=BatchRunSerializer, operation_id="batch_run")
    def get(self, request: Request, run_id: str) -> Response:
        """How it stands."""
        run = _runs(request).filter(run=run_id).first()
        if run is None:
            raise NotFound("There is no batch run with this id in the project.")
        return Response(BatchRunSerializer(run, context={"now": clock.now()}).data)


def _runs(request: Request) -> Any:
    return BatchRun.objects.filter(project=project_of(request)).select_related("version__model")


def _report(given: dict[str, Any], at: datetime) -> Report:
    said = {name: given[name] for name in SAID if given.get(name) is not None}
    if given.get("heartbeat_s") is not None:
        said["heartbeat"] = timedelta(seconds=given["heartbeat_s"])
    names = {name: given[name] for name in ("event", "model", "version", "environment", "status")}
    return Report(run=given["id"], at=at, said=said, **names)


def _moment(request: Request, given: dict[str, Any], now: datetime) -> datetime:
    """As far from now as that of an event may be."""
    at = moment_of(given, "ts") or now
    window = window_at(now, backfill=isinstance(request.auth, ApiKey) and "backfill" in request.auth.scopes)
    if wrong := window.wrong(epoch_us(at)):
        raise ValidationError({"ts": wrong}, code="timestamp_out_of_range")
    return at
