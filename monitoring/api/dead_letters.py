"""Items that could not be stored, for programs: what they were and why, and back to the inbox with them."""

from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from lib.pages import MAX_LIMIT
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.moments import RowSerializer
from models_registry.paging import asked_of, asked_page
from monitoring.drain.dead_letters import replay
from monitoring.models import DeadLetter
from monitoring.models.inbox import EventKind

SHOWN: Final = 4_000  # bytes of an item in a list
AT_ONCE: Final = 1_000
LARGEST_ID: Final = 2**63 - 1
PAGE_PARAMETERS = [
    OpenApiParameter("kind", str, enum=EventKind.values, description="Only items of this kind."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class DeadLetterSerializer(RowSerializer[DeadLetter]):
    """One item as it was in the inbox, as text of at most 4,000 bytes; of a body that could not be read, all its items."""

    item = serializers.SerializerMethodField()

    class Meta:
        """What it was, and why it is here."""

        model = DeadLetter
        fields = ["id", "kind", "count", "error", "at", "item"]

    def get_item(self, letter: DeadLetter) -> str:
        """Its beginning."""
        return bytes(letter.item[:SHOWN]).decode("utf-8", "replace")


class WholeDeadLetterSerializer(DeadLetterSerializer):
    """One item, whole."""

    def get_item(self, letter: DeadLetter) -> str:
        """As it was accepted."""
        return bytes(letter.item).decode("utf-8", "replace")


class DeadLetterPageSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = DeadLetterSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ReplayRequestSerializer(serializers.Serializer[dict[str, Any]]):
    """Some of them by their ids, or `all`; of all the newest thousand at a time."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), required=False, max_length=AT_ONCE
    )
    all = serializers.BooleanField(required=False, default=False)


class BackInTheInboxSerializer(serializers.Serializer[dict[str, Any]]):
    """So many items are in the inbox again, and so many letters are left."""

    back = serializers.IntegerField()
    left = serializers.IntegerField()


class DeadLettersView(APIView):
    """What could not be stored."""

    read_permission = "monitoring.view_ledgercount"

    @extend_schema(responses=DeadLetterPageSerializer, operation_id="dead_letters", parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        params = asked_of(request, PAGE_PARAMETERS)
        rows = DeadLetter.objects.filter(project=project_of(request))
        if kind := params.get("kind"):
            if kind not in EventKind.values:
                raise ValidationError({"kind": f"One of {', '.join(EventKind.values)}."})
            rows = rows.filter(kind=kind)
        page = asked_page(params, rows, time="id")
        return Response({"items": DeadLetterSerializer(page.items, many=True).data, "next": page.next})


class DeadLetterView(APIView):
    """One of them."""

    read_permission = "monitoring.view_ledgercount"

    @extend_schema(responses=WholeDeadLetterSerializer, operation_id="dead_letter")
    def get(self, request: Request, number: int) -> Response:
        """With the whole item; `POST /api/v1/dead-letters/replay` with its id puts it back into the inbox."""
        letter = DeadLetter.objects.filter(project=project_of(request), pk=number).first()
        if letter is None:
            raise NotFound("There is no dead letter with this id in the project; a replay takes it away.")
        return Response(WholeDeadLetterSerializer(letter).data)


class ReplayView(APIView):
    """Once the cause is mended."""

    write_scope = "admin"
    permission = "monitoring.change_deadletter"

    @extend_schema(
        request=ReplayRequestSerializer, responses=BackInTheInboxSerializer, operation_id="dead_letters_replay"
    )
    def post(self, request: Request) -> Response:
        """Put them back into the inbox, each by itself; what fails again is here again."""
        given = ReplayRequestSerializer(data=request.data)
        refuse_unless_valid(given)
        letters = DeadLetter.objects.filter(project=project_of(request))
        back = sum(_back(letter) for letter in _chosen(letters, given.validated_data))
        return Response({"back": back, "left": letters.count()})


def _chosen(letters: QuerySet[DeadLetter], asked: dict[str, Any]) -> QuerySet[DeadLetter]:
    if asked["all"] == bool(asked.get("ids")):
        raise ValidationError({"ids": "Give either `ids`, or `all`: true."})
    return letters[:AT_ONCE] if asked["all"] else letters.filter(pk__in=asked["ids"])


def _back(letter: DeadLetter) -> int:
    return letter.count if replay(letter, now=clock.now()) else 0
