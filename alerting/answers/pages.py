"""Pages of rows of one project, newest first, narrowed by state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from lib.pages import MAX_LIMIT
from models_registry.paging import asked_page, refuse_unknown
from monitoring.answers.asked import moment_of

PAGE_PARAMETERS = [
    OpenApiParameter("state", str, description="Only these states, separated by commas."),
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="Only those that began then or later."),
    OpenApiParameter("to", OpenApiTypes.DATETIME, description="Only those that began before."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


@dataclass(frozen=True, slots=True)
class Listed:
    """How rows are listed: the column that pages are cut by, when a row began, and further filters, each with its columns.

    A row is told where any of the columns has the value.
    """

    key: str
    began: str
    exact: Mapping[str, tuple[str, ...]]


def page_of(
    request: Request, rows: Any, serializer: Callable[..., Any], *, states: list[str], listed: Listed
) -> Response:
    """`{items, next}`; 400 with the field for what cannot be read."""
    params = request.query_params.dict()
    refuse_unknown(params, {"state", "from", "to", "limit", "cursor", *listed.exact})
    wanted = params.get("state", "").split(",") if params.get("state") else []
    if set(wanted) - set(states):
        raise ValidationError({"state": f"Some of {', '.join(states)}, separated by commas."})
    if wanted:
        rows = rows.filter(state__in=wanted)
    for name, columns in listed.exact.items():
        if wish := params.get(name):
            rows = rows.filter(Q.create([(column, wish) for column in columns], connector=Q.OR))
    for name, lookup in (("from", "gte"), ("to", "lt")):
        if (at := moment_of(params, name)) is not None:
            rows = rows.filter(**{f"{listed.began}__{lookup}": at})
    page = asked_page(params, rows, time=listed.key)
    return Response({"items": serializer(page.items, many=True).data, "next": page.next})
