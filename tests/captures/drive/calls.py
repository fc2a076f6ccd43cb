"""Makes the calls of the cases with a client that is given, one after another, whatever instruments it."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.captures.cases import Case
from tests.captures.catalogue import CASES, OF_ANTHROPIC, OF_OPENAI

BETWEEN_S = 0.02


def openai_calls(client: Any, cases: Iterable[Case] = OF_OPENAI, **more: Any) -> None:
    """All of OpenAI's; streams are read to their end, failures are expected."""
    calls = {
        "chat": client.chat.completions.create,
        "responses": client.responses.create,
        "embeddings": client.embeddings.create,
    }
    for case in cases:
        _call(calls[case.api], case, more)


def anthropic_calls(client: Any, cases: Iterable[Case] = OF_ANTHROPIC) -> None:
    """All of Anthropic's."""
    for case in cases:
        _call(client.messages.create, case, {})


def each(names: Iterable[str], make: Callable[[Case], Any]) -> None:
    """Those that are named, each by a function of its case; failures are expected where the provider fails."""
    for name in names:
        try:
            make(CASES[name])
        except Exception as error:
            if CASES[name].http == 200:
                raise
            print(name, type(error).__name__)
        time.sleep(BETWEEN_S)


def _call(create: Any, case: Case, more: dict[str, Any]) -> None:
    try:
        found = create(**case.request, **more)
        if case.request.get("stream"):
            for _ in found:
                pass
    except Exception as error:
        if case.http == 200:
            raise
        print(case.name, type(error).__name__)
    time.sleep(BETWEEN_S)
