"""Pages of rows of one project, newest first, narrowed by state."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from lib.pages import MAX_LIMIT
from models_registry.paging import asked_page

PAGE_PARAMETERS = [
    OpenApiParameter("state", str, description="Only these states, separated by commas."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


def page_of(request: Request, rows: Any, serializer: Callable[..., Any], *, states: list[str], time: str) -> Response:
    """`{items, next}`; `time` is the field that pages are cut by. 400 with the field for what cannot be read."""
    params = request.query_params.dict()
    wanted = params.get("state", "").split(",") if params.get("state") else []
    if set(wanted) - set(states):
        raise ValidationError({"state": f"Some of {', '.join(states)}, separated by commas."})
    if wanted:
        rows = rows.filter(state__in=wanted)
    page = asked_page(params, rows, time=time)
    return Response({"items": serializer(page.items, many=True).data, "next": page.next})
