"""`GET /api/v1/slos` and one SLO with its status."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.authenticate import project_of
from models_registry.moments import MomentField, RowSerializer
from monitoring.models import SLO
from monitoring.selectors.components import load_components
from monitoring.slo.components import written
from monitoring.slo.composites import adds_up
from monitoring.slo.contributions import contributions
from monitoring.slo.groups import group_statuses
from monitoring.slo.status import budget_days, slo_status


class SLOSerializer(RowSerializer[SLO]):
    """The definition."""

    model = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    window_s = serializers.SerializerMethodField()
    slice_s = serializers.SerializerMethodField()
    components = serializers.SerializerMethodField()

    class Meta:
        """In the words of the contract."""

        model = SLO
        fields = [
            "slug",
            "name",
            "description",
            "model",
            "environment",
            "sli",
            "bound_ms",
            "measure",
            "comparison",
            "bound",
            "slice_s",
            "minimum",
            "target",
            "method",
            "slice_target",
            "window_s",
            "calendar",
            "zone",
            "group_by",
            "composition",
            "components",
            "without_data",
            "owner",
        ]

    @extend_schema_field(serializers.DictField(child=serializers.FloatField()))
    def get_components(self, slo: SLO) -> dict[str, float]:
        """Of a composite: the weight of each of its SLOs, by slug."""
        return written(slo.parts or ())

    def get_window_s(self, slo: SLO) -> int:
        """The rolling window in seconds; of a calendar window its nominal length, a month's being 30 days."""
        return int(slo.window.total_seconds())

    def get_slice_s(self, slo: SLO) -> int | None:
        """A slice of time in seconds; null where events are counted."""
        return int(slo.sliced.total_seconds()) if slo.sliced else None


class SLOStatusSerializer(SLOSerializer):
    """The definition and how it stands."""

    attained = serializers.FloatField(allow_null=True)
    budget_left = serializers.FloatField(allow_null=True)
    burn = serializers.DictField(child=serializers.FloatField(allow_null=True))
    exhausts_in_s = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(["ok", "burning", "exhausted", "no_data", "stale"])
    good = serializers.FloatField(help_text="A whole number, unless shares of slices are counted.")
    valid = serializers.FloatField()
    window_start = MomentField()
    window_end = MomentField()

    class Meta(SLOSerializer.Meta):
        """Definition first."""

        fields = [
            *SLOSerializer.Meta.fields,
            *["attained", "budget_left", "burn", "exhausts_in_s", "state", "good", "valid"],
            *["window_start", "window_end"],
        ]


class SLOListSerializer(serializers.Serializer[dict[str, Any]]):
    """All of them; definitions are few."""

    items = SLOSerializer(many=True)


class SLOsView(APIView):
    """Definitions of the project."""

    @extend_schema(responses=SLOListSerializer, operation_id="slos")
    def get(self, request: Request) -> Response:
        """Every SLO of the project, by name."""
        slos = list(SLO.objects.filter(project=project_of(request)).select_related("model"))
        load_components(slos)
        return Response({"items": SLOSerializer(slos, many=True).data})


class SLOView(APIView):
    """One SLO."""

    @extend_schema(responses=SLOStatusSerializer, operation_id="slo")
    def get(self, request: Request, slug: str) -> Response:
        """Definition and status: attained, budget left (may be negative), burn rate per window."""
        slo = _slo(request, slug)
        status = slo_status(slo, now=clock.now())
        return Response(
            {
                **SLOSerializer(slo).data,
                "attained": status.attained,
                "budget_left": status.budget_left,
                "burn": status.burn,
                "exhausts_in_s": status.exhausts_in_s,
                "state": status.state,
                "good": status.good,
                "valid": status.valid,
                "window_start": status.window_start,
                "window_end": status.window_end,
            }
        )


def _slo(request: Request, slug: str) -> SLO:
    """The SLO of the project with this slug; 404 where there is none."""
    slo = SLO.objects.filter(project=project_of(request), slug=slug).select_related("model").first()
    if slo is None:
        raise NotFound("There is no SLO with this slug in the project.")
    load_components([slo])
    return slo


class GroupSerializer(serializers.Serializer[dict[str, Any]]):
    """One version, or one value of a segment key; `(other)` is what is in none of those told."""

    group = serializers.CharField()
    value = serializers.CharField()
    attained = serializers.FloatField(allow_null=True)
    budget_left = serializers.FloatField(allow_null=True)
    burn = serializers.DictField(child=serializers.FloatField(allow_null=True))
    exhausts_in_s = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(["ok", "burning", "exhausted", "no_data", "stale"])
    good = serializers.FloatField()
    valid = serializers.FloatField()


class GroupsSerializer(serializers.Serializer[dict[str, Any]]):
    """The budgets of an SLO's groups."""

    group_by = serializers.CharField()
    rest_told = serializers.BooleanField(
        help_text="Whether what is in none of the groups is told, as `(other)`: not where slices of time are judged."
    )
    items = GroupSerializer(many=True)


class GroupsView(APIView):
    """The budgets of a grouped SLO."""

    @extend_schema(responses=GroupsSerializer, operation_id="slo_groups")
    def get(self, request: Request, slug: str) -> Response:
        """The worst first, at most fifty and the rest; empty where the SLO is not grouped."""
        slo = _slo(request, slug)
        found = group_statuses([slo], now=clock.now()).get(slo.pk, [])
        names = ("attained", "budget_left", "burn", "exhausts_in_s", "state", "good", "valid")
        items = [
            {"group": one.group.name, "value": one.group.value, **{name: getattr(one.status, name) for name in names}}
            for one in found
        ]
        return Response({"group_by": slo.group_by, "rest_told": bool(slo.group_by) and adds_up(slo), "items": items})


class BudgetDaySerializer(serializers.Serializer[dict[str, Any]]):
    """A local day of the window. Fractions are of the budget of the whole window; null without any event in it."""

    day = serializers.DateField()
    good = serializers.FloatField()
    valid = serializers.FloatField()
    spent = serializers.FloatField(allow_null=True)
    left = serializers.FloatField(allow_null=True)


class BudgetSerializer(serializers.Serializer[dict[str, Any]]):
    """The calendar of a budget."""

    zone = serializers.CharField()
    days = BudgetDaySerializer(many=True)


class BudgetView(APIView):
    """The calendar of an SLO's budget."""

    @extend_schema(responses=BudgetSerializer, operation_id="slo_budget")
    def get(self, request: Request, slug: str) -> Response:
        """Every local day of the window so far: what it spent, what was left at its end."""
        slo = _slo(request, slug)
        days = budget_days(slo, now=clock.now())
        return Response({"zone": slo.zone, "days": [asdict(day) for day in days]})


class ContributionSerializer(serializers.Serializer[dict[str, Any]]):
    """An SLO within a composite, over the composite's window. What each has `spent` adds up to what the composite has."""

    slo = serializers.CharField()
    weight = serializers.FloatField()
    share = serializers.FloatField(help_text="Of the weights of those of which something came.")
    attained = serializers.FloatField(allow_null=True)
    good = serializers.FloatField()
    valid = serializers.FloatField()
    added = serializers.FloatField(help_text="To the bad share of the composite.")
    spent = serializers.FloatField(help_text="Of the error budget of the composite; 1 is all of it.")


class ContributionsSerializer(serializers.Serializer[dict[str, Any]]):
    """Who spends the budget of a composite."""

    composition = serializers.CharField()
    items = ContributionSerializer(many=True)


class ComponentsView(APIView):
    """The components of a composite SLO."""

    @extend_schema(responses=ContributionsSerializer, operation_id="slo_components")
    def get(self, request: Request, slug: str) -> Response:
        """The greatest spender first; empty where the SLO is no composite."""
        slo = _slo(request, slug)
        items = [
            {
                "slo": one.component.slo.slug,
                "weight": one.component.weight,
                **{name: getattr(one, name) for name in ("share", "attained", "good", "valid", "added", "spent")},
            }
            for one in contributions(slo, now=clock.now())
        ]
        return Response({"composition": slo.composition, "items": items})
