"""`/api/v1/prices`: what a language model costs here; `POST /api/v1/prices/reprice`: price past calls again, as a job."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
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
from models_registry.moments import MomentField
from models_registry.paging import asked_of
from monitoring.answers.asked import moment_of
from monitoring.drain.past_calls import RangeError
from monitoring.drain.price import Names, find_prices
from monitoring.llm.pricing.prices import Price, Rates
from monitoring.llm.pricing.shipped import SLOT_US
from monitoring.prices.reprice import start_reprice
from monitoring.selectors.events import micros

RepriceSerializer = inline_serializer(
    "Reprice",
    {
        "from": MomentField(),
        "to": MomentField(required=False),
        "dry_run": serializers.BooleanField(default=True),
    },
)


# Not a class: `source` is an attribute of every serializer.
PriceSerializer = inline_serializer(
    "Price",
    {
        "source": serializers.CharField(
            help_text="`own:NAME`, or the list that comes with the panel, with its version."
        ),
        "provider": serializers.CharField(),
        "model": serializers.CharField(),
        "valid_from": serializers.CharField(allow_null=True),
        "rates": serializers.DictField(child=serializers.FloatField(), help_text="US dollars per million tokens."),
        "tiers": serializers.ListField(child=serializers.DictField(child=serializers.FloatField())),
        "context_window": serializers.IntegerField(allow_null=True),
    },
    allow_null=True,
)
PriceAnswerSerializer = inline_serializer("PriceAnswer", {"price": PriceSerializer})


PARAMETERS = [
    OpenApiParameter("model", str, required=True, description="The language model, as calls name it."),
    OpenApiParameter("provider", str, description="As calls name it; some models are sold by several."),
    OpenApiParameter("at", OpenApiTypes.DATETIME, description="Now unless given."),
]


class PricesView(APIView):
    """The own prices of the project are a section of the definitions; this is what holds, own or listed."""

    @extend_schema(
        responses=PriceAnswerSerializer,
        operation_id="price",
        parameters=PARAMETERS,
    )
    def get(self, request: Request) -> Response:
        """What a call of this language model costs at a time; null where neither book knows it."""
        params = asked_of(request, PARAMETERS)
        model, provider = params.get("model", "").strip(), params.get("provider", "").strip()
        if not model:
            raise ValidationError({"model": "Name a language model as calls name it, such as `gpt-4o`."})
        at = moment_of(params, "at") or clock.now()
        names = Names(project_of(request).pk, provider, model, "", micros(at) // SLOT_US)
        price = find_prices([names]).get(names)
        return Response({"price": None if price is None else _told(price)})


def _told(price: Price) -> dict[str, Any]:
    return {
        "source": price.source,
        "provider": price.provider,
        "model": price.model,
        "valid_from": price.valid_from or None,
        "rates": _numbers(price.rates),
        "tiers": [{"above": tier.above, **_numbers(tier.rates)} for tier in price.tiers],
        "context_window": price.window,
    }


def _numbers(rates: Rates) -> dict[str, float]:
    return {bucket: float(rate) for bucket, rate in rates.items()}


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
