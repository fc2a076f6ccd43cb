"""`/api/v1/jobs`: long work, how far it is, and a way to stop it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from models_registry.authenticate import project_of
from models_registry.bodies import refuse_any
from models_registry.jobs import cancel_job
from models_registry.models import Job
from models_registry.moments import RowSerializer

RECENT = 100


class JobSerializer(RowSerializer[Job]):
    """One job. `total` is null where nobody knows beforehand; `report` depends on the kind."""

    class Meta:
        """What a program may know."""

        model = Job
        fields = ["id", "kind", "state", "arguments", "done", "total", "report", "error", "created_at", "finished_at"]


class JobListSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = JobSerializer(many=True)


class JobsView(APIView):
    """The project's jobs."""

    @extend_schema(responses=JobListSerializer, operation_id="jobs")
    def get(self, request: Request) -> Response:
        """The newest 100."""
        jobs = Job.objects.filter(project=project_of(request))[:RECENT]
        return Response({"items": JobSerializer(jobs, many=True).data})


class JobView(APIView):
    """One job."""

    @extend_schema(responses=JobSerializer, operation_id="job")
    def get(self, request: Request, number: int) -> Response:
        """How far it is, and what it has to report."""
        return Response(JobSerializer(_job(request, number)).data)


class CancelJobView(APIView):
    """An end before the end; people need the permission to change jobs."""

    write_scope = "admin"
    permission = "models_registry.change_job"

    @extend_schema(request=None, responses=JobSerializer, operation_id="cancel_job")
    def post(self, request: Request, number: int) -> Response:
        """Stop before the next step; what is done stays done. A job that has ended is answered as it is."""
        refuse_any(request)
        job = _job(request, number)
        cancel_job(job)
        job.refresh_from_db()
        return Response(JobSerializer(job).data)


def _job(request: Request, number: int) -> Job:
    found = Job.objects.filter(project=project_of(request), pk=number).first()
    if found is None:
        raise NotFound("There is no job with this number in the project.")
    return found
