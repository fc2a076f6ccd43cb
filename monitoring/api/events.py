"""`GET /api/v1/ledger` and the stored events, newest first, by cursor."""

from typing import Any, Final, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.pages import MAX_LIMIT, CursorError
from models_registry.authenticate import project_of
from models_registry.paging import asked_limit
from monitoring.answers.exports.events import COLUMNS as FIELDS
from monitoring.models.inbox import EventKind
from monitoring.selectors.event_filters import CHOICES, FilterError, read_filter
from monitoring.selectors.event_filters import FIELDS as FILTERS
from monitoring.selectors.events import event_page
from monitoring.selectors.ledger import COLUMNS, read_ledger
from monitoring.selectors.wire import event_to_wire

PAGE_PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="Start, inclusive; 24 hours ago unless given."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="End, exclusive."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
    OpenApiParameter("fields", str, description="Comma-separated names; absent means all."),
]
MEANINGS: Final = {
    "model": "Slug of the model; of outcomes, feedback and spans that of the prediction or call that they are about.",
    "version": "Version of that model.",
    "request_id": "Of outcomes and feedback that of the prediction or call that they are about.",
    "q": "Words, phrases, begin*, -without.",
    "level": "One level, or several separated by commas.",
    "min_level": "This level or worse.",
}


class CountsSerializer(serializers.Serializer[dict[str, int]]):
    """One line of the ledger."""

    received = serializers.IntegerField()
    rejected = serializers.IntegerField()
    accepted = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    dead_lettered = serializers.IntegerField()
    pending = serializers.IntegerField()


class LedgerSerializer(serializers.Serializer[dict[str, Any]]):
    """The ledger of a project."""

    total = CountsSerializer()
    kinds = serializers.DictField(child=CountsSerializer())
    orphans = serializers.DictField(child=serializers.IntegerField())


class EventPageSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of events in the words of the contract."""

    items = serializers.ListField(child=serializers.DictField())
    next = serializers.CharField(allow_null=True)


class LedgerView(APIView):
    """Received = accepted + rejected; accepted = stored + duplicate + dead-lettered + pending."""

    @extend_schema(responses=LedgerSerializer, operation_id="ledger")
    def get(self, request: Request) -> Response:
        """The counts of the project, in total and by kind."""
        ledger = read_ledger(project_id=project_of(request).pk)
        total = dict.fromkeys(COLUMNS, 0) | ledger["total"]
        return Response({"total": total, "kinds": ledger["kinds"], "orphans": ledger["orphans"]})


class EventSchema(AutoSchema):
    """Every kind has filters of its own."""

    def get_override_parameters(self) -> list[Any]:
        """Those of the view's kind."""
        filters = [
            OpenApiParameter(name, str, enum=CHOICES.get(name), description=MEANINGS.get(name, ""))
            for name in sorted(FILTERS[cast("EventsView", self.view).kind])
        ]
        return [*PAGE_PARAMETERS, *filters]

    def get_response_serializers(self) -> type[EventPageSerializer]:
        """A page of any kind."""
        return EventPageSerializer


class EventsView(APIView):
    """Stored events of one kind."""

    kind: str = EventKind.PREDICTION

    schema = EventSchema()

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Events are posted to the same address, and answered before Django; spans come by OpenTelemetry."""
        headers: dict[str, str] = super().default_response_headers
        return headers | ({"Allow": f"{headers['Allow']}, POST"} if self.kind != EventKind.SPAN else {})

    def get(self, request: Request) -> Response:
        """One page, newest first; an unknown filter is refused, never ignored."""
        project = project_of(request)
        params = request.query_params.dict()
        try:
            asked = read_filter(self.kind, params, now=clock.now())
            page = event_page(self.kind, project, asked, limit=asked_limit(params), cursor=params.get("cursor"))
        except FilterError as error:
            raise ValidationError({error.field: str(error)}) from error
        except CursorError as error:
            raise ValidationError({"cursor": str(error)}) from error
        wanted = _wanted(params.get("fields", ""), self.kind)
        items = [_only(event_to_wire(event), wanted) for event in page.items]
        return Response({"items": items, "next": page.next})


def _wanted(text: str, kind: str) -> set[str]:
    """Names of fields that events can have; a misspelt one would be missed in every item and never be told.

    One that only other kinds have is missed too, as where an event leaves it out: programs ask all kinds for the same ones.
    """
    wanted = {name.strip() for name in text.split(",") if name.strip()}
    if not wanted <= set().union(*FIELDS.values()):
        raise ValidationError({"fields": f"Some of {', '.join(FIELDS[kind])}, separated by commas."})
    return wanted


def _only(wire: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    return {name: value for name, value in wire.items() if name in wanted} if wanted else wire
