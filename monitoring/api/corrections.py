"""`/api/v1/slo-corrections`: what objectives do not count as it was: to look at, write down and withdraw."""

from typing import Any

from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.authenticate import actor_of, project_of
from models_registry.bodies import ClockField
from models_registry.models import Model, Project
from models_registry.moments import MomentField, RowSerializer
from monitoring.models import SLO, Correction
from monitoring.slo.corrections import corrected, end_correction, record_correction, withdraw_correction


class CorrectionSerializer(RowSerializer[Correction]):
    """A correction of one SLO, of all of a model, or, where both are null, of all of the project."""

    slo = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)
    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True, allow_null=True)
    days = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    start = ClockField(read_only=True, allow_null=True)
    end = ClockField(read_only=True, allow_null=True)

    class Meta:
        """What was written, and whether it still holds."""

        model = Correction
        fields = [
            *("slug", "slo", "model", "starts_at", "ends_at", "days", "start", "end", "time_zone", "effect"),
            *("reason", "author", "created_at", "ended_by", "withdrawn_at", "withdrawn_by"),
        ]


class CorrectedSerializer(CorrectionSerializer):
    """With what it covers of an SLO: `covers`, pairs of beginning and end, in [covers_from, covers_to), and the events in them
    that belong to the window of the budget. What comes again covers nothing where it did not come in that window.
    """

    covers = serializers.ListField(child=serializers.ListField(child=MomentField(), min_length=2, max_length=2))
    covers_from = MomentField(allow_null=True)
    covers_to = MomentField(allow_null=True)
    good = serializers.FloatField()
    valid = serializers.FloatField()

    class Meta(CorrectionSerializer.Meta):
        """What was written first."""

        fields = [*CorrectionSerializer.Meta.fields, "covers", "covers_from", "covers_to", "good", "valid"]


class CorrectionListSerializer(serializers.Serializer[dict[str, Any]]):
    """Those that go on first, then the newest."""

    items = CorrectionSerializer(many=True)


class CorrectedListSerializer(serializers.Serializer[dict[str, Any]]):
    """Those of one SLO."""

    items = CorrectedSerializer(many=True)


class NewCorrectionSerializer(serializers.Serializer[dict[str, Any]]):
    """To be written down; names an SLO, or a model, or nothing for all SLOs of the project. It comes once, or again and again:
    on these `days` (from Monday, which is 0) from `start` to `end` by the clock on the wall in `time_zone`.
    """

    slug = serializers.SlugField(max_length=64, required=False, default="")
    slo = serializers.CharField(required=False, allow_null=True, default=None)
    model = serializers.CharField(required=False, allow_null=True, default=None)
    starts_at = MomentField()
    ends_at = MomentField(required=False, allow_null=True, default=None)
    days = serializers.ListField(child=serializers.IntegerField(), max_length=7, required=False, default=list)
    start = ClockField(required=False, allow_null=True, default=None)
    end = ClockField(required=False, allow_null=True, default=None)
    time_zone = serializers.CharField(max_length=64, required=False, default="UTC")
    effect = serializers.ChoiceField(Correction.Effect.choices, required=False, default=Correction.Effect.EXCLUDED)
    reason = serializers.CharField(max_length=2_000)


MOST = 500


class CorrectionsView(APIView):
    """All of the project."""

    permission = "monitoring.add_correction"

    @extend_schema(responses=CorrectionListSerializer, operation_id="slo_corrections")
    def get(self, request: Request) -> Response:
        """500 at most, those that go on first and then the newest; withdrawn ones too."""
        rows = Correction.objects.filter(project=project_of(request)).select_related("slo", "model")[:MOST]
        return Response({"items": CorrectionSerializer(rows, many=True).data})

    @extend_schema(
        request=NewCorrectionSerializer, responses={201: CorrectionSerializer}, operation_id="slo_correction_create"
    )
    def post(self, request: Request) -> Response:
        """Write one down; from then on every budget, rule and page counts accordingly."""
        given = NewCorrectionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project, fields = project_of(request), dict(given.validated_data)
        fields["slo"] = _named(SLO, project, fields["slo"], "slo")
        fields["model"] = _named(Model, project, fields["model"], "model")
        wanted = Correction(project=project, author=str(actor_of(request))[:150], **fields)
        try:
            made = record_correction(wanted, now=clock.now())
        except Refused as error:
            raise ValidationError(error.message_dict) from error
        return Response(CorrectionSerializer(made).data, status=status.HTTP_201_CREATED)


def _named(table: Any, project: Project, slug: str | None, field: str) -> Any:
    """The row of the project with this slug; 400 where there is none."""
    found = table.objects.filter(project=project, slug=slug).first() if slug else None
    if slug and found is None:
        raise ValidationError({field: f"There is no {field} with this slug in the project."})
    return found


class CorrectionWithdrawalView(APIView):
    """One that shall no longer hold."""

    permission = "monitoring.change_correction"

    @extend_schema(request=None, responses=CorrectionSerializer, operation_id="slo_correction_withdraw")
    def post(self, request: Request, slug: str) -> Response:
        """It stays to be read, and everything counts as it was again. A second time changes nothing."""
        row = _correction(request, slug)
        withdraw_correction(row, by=str(actor_of(request))[:150], now=clock.now())
        return Response(CorrectionSerializer(row).data)


class CorrectionEndView(APIView):
    """One that shall come no more."""

    permission = "monitoring.change_correction"

    @extend_schema(request=None, responses=CorrectionSerializer, operation_id="slo_correction_end")
    def post(self, request: Request, slug: str) -> Response:
        """What it left out until now stays so. 400 for one that comes once or has not begun; a second time changes nothing."""
        row = _correction(request, slug)
        try:
            end_correction(row, by=str(actor_of(request))[:150], now=clock.now())
        except Refused as error:
            raise ValidationError(error.messages) from error
        return Response(CorrectionSerializer(row).data)


def _correction(request: Request, slug: str) -> Correction:
    row = Correction.objects.filter(project=project_of(request), slug=slug).select_related("slo", "model").first()
    if row is None:
        raise NotFound("There is no correction with this slug in the project.")
    return row


class SLOCorrectionsView(APIView):
    """What corrects one SLO."""

    @extend_schema(
        responses=CorrectedListSerializer,
        operation_id="slo_corrected",
        parameters=[OpenApiParameter("slug", str, OpenApiParameter.PATH)],
    )
    def get(self, request: Request, slug: str) -> Response:
        """50 at most, those that go on first and then the newest, with what each really covers: whole hours where minutes are gone, whole slices of time."""
        slo = SLO.objects.filter(project=project_of(request), slug=slug).select_related("model").first()
        if slo is None:
            raise NotFound("There is no SLO with this slug in the project.")
        items = [
            {
                **CorrectionSerializer(one.correction).data,
                "covers": one.spans,
                "covers_from": one.spans[0][0] if one.spans else None,
                "covers_to": one.spans[-1][1] if one.spans else None,
                "good": one.good,
                "valid": one.valid,
            }
            for one in corrected(slo, now=clock.now())
        ]
        return Response({"items": items})
