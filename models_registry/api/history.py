"""`/api/v1/history`: what people made, changed and removed in forms of the admin, and what was removed by API."""

import json
from typing import Any, Final

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib.pages import MAX_LIMIT
from models_registry.moments import MomentField
from models_registry.paging import asked_of, asked_page

ACTIONS: Final = {"made": ADDITION, "changed": CHANGE, "removed": DELETION}
PARAMETERS: Final = [
    OpenApiParameter("by", str, description="Only what this person did, by user name."),
    OpenApiParameter("action", str, enum=[*ACTIONS], description="Only what was made, changed or removed."),
    OpenApiParameter("table", str, description="Only of this table, such as `models_registry.model`."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class DeedSerializer(serializers.Serializer[dict[str, Any]]):
    """Who did what to which row; of a change the names of its fields, never what they held."""

    id = serializers.IntegerField()
    at = MomentField()
    by = serializers.CharField()
    action = serializers.ChoiceField([*ACTIONS])
    table = serializers.CharField(allow_null=True)
    key = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    fields_changed = serializers.ListField(child=serializers.CharField())


class DeedPageSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = DeedSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class HistoryView(APIView):
    """The history of the admin; it is of the whole installation."""

    people_only = True
    read_permission = "admin.view_logentry"

    @extend_schema(responses=DeedPageSerializer, operation_id="history", parameters=PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, the newest first."""
        params, rows = asked_of(request, PARAMETERS), LogEntry.objects.select_related("user", "content_type")
        if action := params.get("action"):
            if action not in ACTIONS:
                raise ValidationError({"action": f"One of {', '.join(ACTIONS)}."})
            rows = rows.filter(action_flag=ACTIONS[action])
        if table := params.get("table"):
            app, _, model = table.partition(".")
            rows = rows.filter(content_type__app_label=app, content_type__model=model)
        if by := params.get("by"):
            rows = rows.filter(user__username=by)
        page = asked_page(params, rows, time="id")
        return Response({"items": [_told(one) for one in page.items], "next": page.next})


def _told(entry: LogEntry) -> dict[str, Any]:
    table = entry.content_type
    return {
        "id": entry.pk,
        "at": entry.action_time,
        "by": entry.user.get_username(),
        "action": next(name for name, flag in ACTIONS.items() if flag == entry.action_flag),
        "table": None if table is None else f"{table.app_label}.{table.model}",
        "key": entry.object_id,
        "name": entry.object_repr,
        "fields_changed": _fields(entry.change_message),
    }


def _fields(message: str) -> list[str]:
    """As forms and `trail` write them; what is no JSON tells none."""
    try:
        found = json.loads(message or "[]")
    except ValueError:
        return []
    parts = [one.get("changed", {}) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return [str(name) for part in parts for name in part.get("fields", ())]
