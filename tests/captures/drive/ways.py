"""Makes the calls of a recording in the way that each says, with a client that asks now or later: `CAPTURES_ASYNC` names the latter.

Written once for both: what a client of now gives is not awaited, and no loop runs for it.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from pydantic import BaseModel

from tests.captures.cases import HEARD, Case
from tests.captures.catalogue import CASES
from tests.captures.drive.calls import BETWEEN_S

NOWHERE = "http://127.0.0.1:9/v1"
ASYNC = bool(os.environ.get("CAPTURES_ASYNC"))  # instrumentations wrap what is given in objects that seem both


class Place(BaseModel):
    """What an answer is parsed to."""

    city: str


def make(client_of: Callable[..., Any]) -> None:
    """Everything that this recording asks; `client_of` gives the client of a name (`Async` before it) by its arguments."""
    made = _all(client_of("Async" if ASYNC else "")(max_retries=0))
    if ASYNC:
        asyncio.run(made)
    else:
        try:
            made.send(None)
        except StopIteration:
            pass


async def _all(client: Any) -> None:
    for name in (one["name"] for one in json.loads(os.environ["CAPTURES_CASES"])):
        case = CASES[name]
        if (case.api == "messages") != hasattr(client, "messages"):  # of the other library
            continue
        try:
            await _ask(client, case)
        except Exception as error:
            if case.truth.get("status", "ok") == "ok":
                raise
            print(name, type(error).__name__)
        time.sleep(BETWEEN_S)


async def _ask(client: Any, case: Case) -> None:
    request = dict(case.request)
    if case.way == "gone":
        client = client.with_options(base_url=NOWHERE)
    room = _room(client, case)
    if case.way == "stream":
        await _by_helper(room, case, {name: part for name, part in request.items() if name != "stream"})
    elif case.way == "parse":
        request["text_format" if case.api == "responses" else "response_format"] = Place
        await _now(room.parse(**request))
    elif case.way == "raw":
        (await _now(room.with_raw_response.create(**request))).parse()
    else:
        found = await _now(room.create(**request))
        if request.get("stream"):
            await _read(found, HEARD[case.api] if case.way == "left" else None)


def _room(client: Any, case: Case) -> Any:
    if case.way == "beta":
        return client.beta.messages
    return client.chat.completions if case.api == "chat" else getattr(client, case.api)


async def _by_helper(room: Any, case: Case, request: dict[str, Any]) -> None:
    manager = room.stream(**request)
    stream = await manager.__aenter__() if ASYNC else manager.__enter__()
    await _read(stream)
    if case.api == "messages":
        await _now(stream.get_final_message())
    if ASYNC:
        await manager.__aexit__(None, None, None)
    else:
        manager.__exit__(None, None, None)


async def _read(stream: Any, most: int | None = None) -> None:
    """To its end, or as many events and no more."""
    heard = 0
    if ASYNC:
        async for _ in stream:
            heard += 1
            if heard == most:
                break
    else:
        for _ in stream:
            heard += 1
            if heard == most:
                break
    if heard == most:
        await _now(stream.close())


async def _now(found: Any) -> Any:
    return await found if isawaitable(found) else found
