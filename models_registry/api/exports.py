"""`/api/v1/exports`: rows as a file, written by a job, and the file."""

from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.exports import (
    ExportError,
    TooManyError,
    expires_at,
    exports_of,
    file_name,
    file_of,
    is_there,
    start_export,
)
from models_registry.file_formats import MEDIA_TYPES
from models_registry.jobs import OPEN
from models_registry.models import Job, User
from models_registry.moments import MomentField

RECENT = 100
FILTERS = ("dataset", "format", "fields")  # which are no filters


class NotYet(APIException):
    """The file is not done, or there are too many under way."""

    status_code = 409
    default_code = "refused"


class Gone(APIException):
    """The file is past its time."""

    status_code = 410
    default_code = "gone"


class ExportRequestSerializer(serializers.Serializer[dict[str, Any]]):
    """What to write. Filters are those of the dataset's list, as texts; fields are columns, all unless given."""

    dataset = serializers.ChoiceField(choices=list(settings.EXPORTS))
    format = serializers.ChoiceField(choices=list(MEDIA_TYPES), default="csv")
    filters = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=1_000), required=False)

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a word of serializers."""
        names = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=100)
        return {**super().get_fields(), "fields": names}


class ExportJobSerializer(serializers.Serializer[Job]):
    """An export: how far it is (`share`, 0 to 1), and where its file is, while there is one."""

    id = serializers.IntegerField()
    dataset = serializers.CharField(source="arguments.dataset")
    format = serializers.CharField(source="arguments.format")
    filters = serializers.DictField(child=serializers.CharField(), source="arguments.filters")
    state = serializers.ChoiceField(choices=Job.State.choices)
    rows = serializers.IntegerField(source="done")
    share = serializers.SerializerMethodField()
    bytes = serializers.SerializerMethodField()
    error = serializers.CharField()
    created_at = MomentField()
    finished_at = MomentField(allow_null=True)
    expires_at = serializers.SerializerMethodField()
    file = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a word of serializers."""
        names = serializers.ListField(child=serializers.CharField(), source="arguments.fields")
        return {**super().get_fields(), "fields": names}

    def get_share(self, job: Job) -> float:
        """How much of it is written, 0 to 1."""
        return float(job.report.get("share", 0.0))

    def get_bytes(self, job: Job) -> int:
        """What it takes to keep, compressed."""
        return int(job.report.get("bytes", 0))

    def get_expires_at(self, job: Job) -> str | None:
        """When the file goes, in real time."""
        until = expires_at(job)
        return until.isoformat() if until else None

    def get_file(self, job: Job) -> str | None:
        """The address of the file, while it is there."""
        return f"/api/v1/exports/{job.pk}/file" if is_there(job, real=clock.real_now()) else None


class ExportJobListSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = ExportJobSerializer(many=True)


class ExportsView(APIView):
    """The project's exports; whoever may read a dataset may export it."""

    read_permission = permission = "models_registry.view_job"
    write_scope = "read"

    @extend_schema(responses=ExportJobListSerializer, operation_id="exports")
    def get(self, request: Request) -> Response:
        """The newest 100."""
        return Response({"items": ExportJobSerializer(exports_of(project_of(request))[:RECENT], many=True).data})

    @extend_schema(
        request=ExportRequestSerializer,
        responses={202: ExportJobSerializer},
        operation_id="export_start",
    )
    def post(self, request: Request) -> Response:
        """Begin one; the answer says where to ask how far it is. 409 while five are under way."""
        project = project_of(request)
        given = ExportRequestSerializer(data=request.data)
        refuse_unless_valid(given)
        asked = given.validated_data
        _may(request, asked["dataset"])
        try:
            job = start_export(
                project,
                asked["dataset"],
                form=asked["format"],
                filters=asked.get("filters", {}),
                fields=asked.get("fields", ()),
                now=clock.now(),
                by=request.user if isinstance(request.user, User) else None,
            )
        except ExportError as error:
            wrong = {error.field: str(error)}
            raise ValidationError(wrong if error.field in FILTERS else {"filters": wrong}) from error
        except TooManyError as error:
            raise NotYet(str(error)) from error
        headers = {"Location": f"/api/v1/exports/{job.pk}"}
        return Response(ExportJobSerializer(job).data, status=202, headers=headers)


class ExportView(APIView):
    """One export."""

    read_permission = "models_registry.view_job"

    @extend_schema(responses=ExportJobSerializer, operation_id="export")
    def get(self, request: Request, number: int) -> Response:
        """How far it is, and where its file is; `/api/v1/jobs/{number}/cancel` ends it."""
        return Response(ExportJobSerializer(_export(request, number)).data)


class AsItIs(BaseRenderer):
    """Whatever a client accepts: the file says what it is."""

    media_type = "*/*"
    format = "file"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        """Never asked: files stream."""
        return data


class ExportFileView(APIView):
    """Its file."""

    read_permission = "models_registry.view_job"
    renderer_classes = [JSONRenderer, AsItIs]

    @extend_schema(
        operation_id="export_file",
        responses={(200, media.partition(";")[0]): str for media in MEDIA_TYPES.values()},
    )
    def get(self, request: Request, number: int) -> StreamingHttpResponse:
        """The file, a piece at a time; 409 until it is done, 410 once it is past its time."""
        job = _export(request, number)
        _may(request, job.arguments["dataset"])
        if job.state in OPEN:
            raise NotYet(f"This export is not done; ask /api/v1/exports/{job.pk} how far it is.")
        if job.state != Job.State.DONE:
            raise NotYet("This export did not come to its end, so it has no file; start it again.")
        if not is_there(job, real=clock.real_now()):
            raise Gone("This file is past its time and was dropped; start the export again.")
        return StreamingHttpResponse(
            file_of(job),
            content_type=MEDIA_TYPES[job.arguments["format"]],
            headers={
                "Content-Disposition": f'attachment; filename="{file_name(job)}"',
                "Cache-Control": "private, no-store",
            },
        )


def _export(request: Request, number: int) -> Job:
    found: Job | None = exports_of(project_of(request)).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no export with this number in the project.")
    return found


def _may(request: Request, dataset: str) -> None:
    """A key has its scope; a person needs what the dataset asks for."""
    if isinstance(request.user, User) and not request.user.has_perm(settings.EXPORTS[dataset].permission):
        raise PermissionDenied("You may not read this, so you cannot export it; ask an administrator.")
