"""`POST /api/v1/prices/reprice`: price past calls again, as a job."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.api.jobs import JobSerializer
from models_registry.authenticate import project_of
from models_registry.bodies import body_of
from models_registry.models import User
from monitoring.asked import moment_of
from monitoring.reprice import RangeError, start_reprice

RepriceSerializer = inline_serializer(
    "Reprice",
    {
        "from": serializers.DateTimeField(),
        "to": serializers.DateTimeField(required=False),
        "dry_run": serializers.BooleanField(default=True),
    },
)


class RepriceView(APIView):
    """Past calls by the books as they are now; people need the permission to change own prices."""

    write_scope = "admin"
    permission = "monitoring.change_ownprice"

    @extend_schema(request=RepriceSerializer, responses={202: JobSerializer}, operation_id="reprice")
    def post(self, request: Request) -> Response:
        """Start the job; with `dry_run`, which is the default, it only reports what would change."""
        body = body_of(request, RepriceSerializer)
        dry_run = body.get("dry_run", True)
        if not isinstance(dry_run, bool):
            raise ValidationError({"dry_run": "true (only report, the default) or false (apply)."})
        now = clock.now()
        start, end = moment_of(body, "from"), moment_of(body, "to") or now
        if start is None:
            raise ValidationError({"from": "Say from when on, as RFC 3339 with offset."})
        by = request.user if isinstance(request.user, User) else None
        try:
            job = start_reprice(project_of(request), start=start, end=end, dry_run=dry_run, now=now, by=by)
        except RangeError as error:
            raise ValidationError({"to": str(error)}) from error
        return Response(JobSerializer(job).data, status=202)
