"""A page that a request asks for, by `limit` and `cursor`; what cannot be read of them is refused where it is."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from lib.pages import CursorError, LimitError, Page, keyset_page, read_limit


def asked_page(params: Mapping[str, Any], rows: Any, *, time: str) -> Page[Any]:
    """The rows of the page, newest first; `time` is the field that pages are cut by. `ValidationError` names the parameter."""
    try:
        return keyset_page(rows, time=time, limit=asked_limit(params), cursor=params.get("cursor"))
    except CursorError as error:
        raise ValidationError({"cursor": str(error)}) from error


def asked_limit(params: Mapping[str, Any]) -> int:
    """How many rows; `ValidationError` names the parameter."""
    try:
        return read_limit(params.get("limit", ""))
    except LimitError as error:
        raise ValidationError({"limit": str(error)}) from error


def asked_of(request: Request, parameters: Iterable[OpenApiParameter]) -> dict[str, str]:
    """The parameters of the address, all of them among those that the document tells; `ValidationError` names one that is not."""
    params: dict[str, str] = request.query_params.dict()
    refuse_unknown(params, [one.name for one in parameters])
    return params


def refuse_unknown(params: Mapping[str, Any], known: Collection[str]) -> None:
    """`ValidationError` for the first parameter that is not known: a misspelt one that narrows nothing is worse than an error."""
    for name in params:
        if name not in (*known, "project"):
            raise ValidationError({name: f"Unknown parameter; there are {', '.join(sorted(known))}."})
