"""ASGI middleware (FastAPI, Starlette, Litestar, Django Channels): the ids of each request, on every record made in it.

app.add_middleware(AtalaiaMiddleware)
"""

from __future__ import annotations

from collections.abc import Awaitable, MutableMapping
from typing import Any, Callable

from atalaia.context import MAX_ID, current, from_headers

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class AtalaiaMiddleware:
    """Takes `X-Request-ID` and `traceparent` over, or makes them; answers with `X-Request-ID`."""

    def __init__(self, app: App, *, user_id: Callable[[Scope], Any] | None = None) -> None:
        """`user_id(scope)` says whom a request serves, where that can be told so early."""
        self.app = app
        self.user_id = user_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        found = from_headers({name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]})
        if self.user_id is not None:
            found = found._replace(user_id=_said(self.user_id, scope))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                echo = (b"x-request-id", found.request_id.encode("latin-1", "replace"))
                message["headers"] = [*message.get("headers", ()), echo]
            await send(message)

        token = current.set(found)
        try:
            await self.app(scope, receive, answer)
        finally:
            current.reset(token)


def _said(user_id: Callable[[Scope], Any], scope: Scope) -> str:
    try:
        return str(user_id(scope) or "")[:MAX_ID]
    except Exception:  # a request without what it looks for
        return ""
