"""Django middleware, for WSGI and ASGI alike: the ids of each request and its user, on every record made in it.

MIDDLEWARE = ["atalaia.django.AtalaiaMiddleware", ...]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import empty

from atalaia.context import Context, ask_user, current, from_headers

HEADERS = ("X-Request-ID", "traceparent")


@contextmanager
def _serving(request: Any) -> Iterator[Context]:
    found = from_headers({name.lower(): request.headers.get(name, "") for name in HEADERS})
    token, asking = current.set(found), ask_user.set(lambda: _user_id(request))
    try:
        yield found
    finally:
        current.reset(token)
        ask_user.reset(asking)


def _user_id(request: Any) -> str:
    """Who is logged in, once the program itself has looked: asking here must cost neither a query nor a `Vary`."""
    for user in (request.__dict__.get("user"), request.__dict__.get("_acached_user")):
        known = user is not None and getattr(user, "_wrapped", user) is not empty
        if known and user.is_authenticated:
            return str(user.pk)
    return ""


@sync_and_async_middleware
def AtalaiaMiddleware(get_response: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N802 - the name in MIDDLEWARE
    """Takes `X-Request-ID` and `traceparent` over, or makes them; answers with `X-Request-ID`."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: Any) -> Any:
            with _serving(request) as found:
                response = await get_response(request)
                response.headers.setdefault("X-Request-ID", found.request_id)
                return response

        return answer_async

    def answer(request: Any) -> Any:
        with _serving(request) as found:
            response = get_response(request)
            response.headers.setdefault("X-Request-ID", found.request_id)
            return response

    return answer
