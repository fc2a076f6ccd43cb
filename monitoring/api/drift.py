"""`/api/v1/models/{slug}/versions/{version}/drift`: what is broken and what has drifted, feature by feature."""

from datetime import datetime
from math import isfinite
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.moments import MomentField
from models_registry.paging import asked_of
from monitoring.answers.asked import segment_of, span_of, version_of
from monitoring.drift.compat import TOOLS, VERSIONS, Compat, Tool, compare_as
from monitoring.selectors.drift import Drift, drift_of
from monitoring.selectors.wire import history_to_wire
from monitoring.stats.drift import Q
from monitoring.stats.inputs import MINIMUM, FeatureReport
from monitoring.stats.matched import AGAINST
from monitoring.stats.profile import ABOVE, BELOW, INFINITE, MISTYPED, NULL, OTHER, UNSEEN

COUNTS = {
    "nulls": (NULL,),
    "not_numbers": (MISTYPED, INFINITE),
    "out_of_range": (BELOW, ABOVE),
    "other": (OTHER,),
    "never_seen": (UNSEEN,),
}
ShiftedSerializer = inline_serializer(
    "FeatureDrift",
    {
        "name": serializers.CharField(),
        "source": serializers.ChoiceField(["input", "prediction", "score"]),
        "kind": serializers.ChoiceField(["number", "category"]),
        "state": serializers.CharField(),
        "n": serializers.IntegerField(),
        **{name: serializers.IntegerField() for name in COUNTS},
        "faults": serializers.ListField(child=serializers.DictField()),
        **{
            name: serializers.FloatField(allow_null=True)
            for name in ("psi", "js", "ks", "ks_p", "chi2", "df", "p", "p_corrected")
        },
        "significant": serializers.BooleanField(allow_null=True),
        "large": serializers.BooleanField(allow_null=True),
    },
    many=True,
)
DriftSerializer = inline_serializer(
    "Drift",
    {
        "model": serializers.CharField(),
        "version": serializers.CharField(),
        "from": MomentField(),
        "to": MomentField(),
        "snapped": serializers.BooleanField(),
        "against": serializers.ChoiceField(AGAINST),
        "state": serializers.CharField(),
        "reference": serializers.DictField(allow_null=True),
        "rows": serializers.IntegerField(),
        "past": serializers.ListField(child=serializers.DictField()),
        "past_rows": serializers.IntegerField(),
        "gates": serializers.DictField(),
        "psi": serializers.FloatField(allow_null=True),
        "drifted": serializers.ListField(child=serializers.CharField()),
        "broken": serializers.ListField(child=serializers.CharField()),
        "features": ShiftedSerializer,
        "compat": serializers.DictField(required=False),
    },
)


PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="24 hours before `to` unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Now unless given."),
    OpenApiParameter("environment", str, description="All of them unless given."),
    OpenApiParameter("segment", str, description="One segment, such as region=south."),
    OpenApiParameter(
        "against",
        str,
        enum=AGAINST,
        description="The reference, or the same hours of earlier days, of earlier weeks or of the reference's weeks.",
    ),
    OpenApiParameter(
        "compat",
        str,
        enum=TOOLS,
        description="The values of another tool beside ours, from stored rows of the reference and the window.",
    ),
]


class DriftView(APIView):
    """What came of a version's inputs, predictions and scores, held against its reference."""

    @extend_schema(
        operation_id="drift",
        parameters=PARAMETERS,
        responses=DriftSerializer,
    )
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Features ranked: broken ones first, then by PSI; a state says why where nothing can be judged."""
        params = asked_of(request, PARAMETERS)
        start, end = span_of(params, clock.now())
        against = next((one for one in AGAINST if one == params.get("against", "reference")), None)
        if against is None:
            raise ValidationError({"against": f"One of {', '.join(AGAINST)}."})
        tool = _tool(params)
        known = version_of(request, slug, version)
        found = drift_of(
            known,
            start=start,
            end=end,
            environment=params.get("environment") or None,
            segment=segment_of(params),
            against=against,
        )
        head = {"model": slug, "version": version, "against": against}
        told = {**head, **_span_to_wire(found, start, end), **_to_wire(found)}
        if tool is not None:
            environment = params.get("environment") or None
            told["compat"] = _compat_to_wire(compare_as(tool, known, start=start, end=end, environment=environment))
        return Response(told)


def _tool(params: dict[str, str]) -> Tool | None:
    if "compat" not in params:
        return None
    if params.get("segment"):
        raise ValidationError({"compat": "Other tools are asked about all rows: leave out `segment`."})
    found = next((one for one in TOOLS if one == params["compat"]), None)
    if found is None:
        raise ValidationError({"compat": f"One of {', '.join(TOOLS)}."})
    return found


def _compat_to_wire(found: Compat) -> dict[str, Any]:
    """Values that are infinite (Evidently has some) are null, as JSON has no word for them."""
    return {
        "tool": found.tool,
        "tool_version": VERSIONS[found.tool],
        "state": found.state,
        "reference_rows": found.rows[0],
        "reference_complete": found.complete[0],
        "rows": found.rows[1],
        "complete": found.complete[1],
        "dataset_drifted": found.dataset_drifted,
        "columns": [
            {
                "name": column.feature.name,
                "source": column.feature.source,
                "drifted": column.drifted,
                "values": [
                    {
                        "method": one.method,
                        "value": one.value if isfinite(one.value) else None,
                        "threshold": one.threshold,
                        "drifted": one.drifted,
                        "default": one.chosen,
                    }
                    for one in column.values
                ],
            }
            for column in found.columns
        ],
    }


def _span_to_wire(found: Drift, start: datetime, end: datetime) -> dict[str, Any]:
    past = [{"from": (start - by).isoformat(), "to": (end - by).isoformat()} for by in found.past]
    snapped = found.tally is not None and found.tally.snapped
    return {"from": start.isoformat(), "to": end.isoformat(), "snapped": snapped, "past": past}


def _to_wire(found: Drift) -> dict[str, Any]:
    report, reference = found.report, found.reference
    return {
        "state": found.state,
        "reference": None
        if reference is None
        else {
            "origin": reference.origin,
            "layout": reference.layout,
            "rows": reference.rows,
            "created_at": reference.created_at.isoformat(),
            "history": history_to_wire(reference),
        },
        "rows": report.rows if report else 0,
        "past_rows": found.past_rows,
        "gates": {"p_corrected_at_most": Q, "psi_at_least": report.floor if report else None, "values": MINIMUM},
        "psi": report.psi if report else None,
        "drifted": [one.feature.name for one in report.drifted] if report else [],
        "broken": [one.feature.name for one in report.broken] if report else [],
        "features": [feature_to_wire(one, report.floor) for one in report.features] if report else [],
    }


def feature_to_wire(one: FeatureReport, floor: float) -> dict[str, Any]:
    """One feature: what was counted beside its bins, what is broken, and both gates where drift was judged."""
    shift = one.shift
    return {
        "name": one.feature.name,
        "source": one.feature.source,
        "kind": "number" if one.feature.numeric else "category",
        "state": one.state,
        "n": one.n,
        **{name: int(one.current[list(codes)].sum()) for name, codes in COUNTS.items()},
        "faults": [{"kind": fault.kind, "share": fault.share, "usual": fault.usual} for fault in one.faults],
        "psi": shift and shift.psi,
        "js": shift and shift.js,
        "ks": shift and shift.ks,
        "ks_p": shift and shift.ks_p,
        "chi2": shift and shift.chi2,
        "df": shift and shift.df,
        "p": shift and shift.p,
        "p_corrected": one.p,
        "significant": None if one.p is None else one.p <= Q,
        "large": None if shift is None else shift.psi >= floor,
    }
