"""WSGI middleware (Flask, Bottle, Pyramid): the ids of each request, on every record made in it.

app.wsgi_app = AtalaiaMiddleware(app.wsgi_app)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Callable

from atalaia.context import MAX_ID, NOBODY, Context, current, from_headers

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class AtalaiaMiddleware:
    """Takes `X-Request-ID` and `traceparent` over, or makes them; answers with `X-Request-ID`."""

    def __init__(self, app: App, *, user_id: Callable[[Environ], Any] | None = None) -> None:
        """`user_id(environ)` says whom a request serves, where that can be told so early."""
        self.app = app
        self.user_id = user_id

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request; its ids also hold while its body is streamed."""
        headers = {"x-request-id": "HTTP_X_REQUEST_ID", "traceparent": "HTTP_TRACEPARENT"}
        found = from_headers({name: environ.get(key, "") for name, key in headers.items()})
        if self.user_id is not None:
            found = found._replace(user_id=_said(self.user_id, environ))

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("X-Request-ID", found.request_id)], *rest)

        current.set(found)
        try:
            body = self.app(environ, start)
        except BaseException:
            current.set(NOBODY)
            raise
        return _Body(body, current.get())


class _Body:
    """The body of an answer, produced within the request's context; the thread's next request starts with none."""

    def __init__(self, body: Iterable[bytes], found: Context) -> None:
        self._body, self._found = body, found

    def __iter__(self) -> Iterator[bytes]:
        current.set(self._found)
        yield from self._body

    def close(self) -> None:
        """What the server calls in the end, come what may."""
        try:
            getattr(self._body, "close", lambda: None)()
        finally:
            current.set(NOBODY)


def _said(user_id: Callable[[Environ], Any], environ: Environ) -> str:
    try:
        return str(user_id(environ) or "")[:MAX_ID]
    except Exception:  # a request without what it looks for
        return ""
