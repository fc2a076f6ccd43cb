"""Agents of Pydantic AI under Logfire, with a person in the baggage: `python -m … VERSION` of its conventions."""

import sys
from typing import Any, cast

import logfire

from tests.captures.catalogue import PYDANTIC_AI
from tests.captures.drive.calls import each
from tests.captures.drive.with_pydantic_ai import run

if __name__ == "__main__":
    logfire.configure(
        send_to_logfire=False, service_name="captures", console=False, environment="test", service_version="1.2.3"
    )
    logfire.instrument_pydantic_ai(version=cast("Any", int(sys.argv[1])))
    with logfire.set_baggage(**{"user.id": "u-9", "session.id": "s-9"}):
        each(PYDANTIC_AI, run)
    logfire.shutdown()
