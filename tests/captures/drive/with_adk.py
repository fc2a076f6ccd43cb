"""Agents of Google's ADK, of a person's session, under their own instrumentation or that of OpenInference."""

import asyncio
import sys
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.runners import InMemoryRunner
from google.genai.types import Content, GenerateContentConfig, HttpOptions, HttpRetryOptions, Part
from openinference.instrumentation.google_adk import GoogleADKInstrumentor

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import ADK
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

ONCE = HttpOptions(retry_options=HttpRetryOptions(attempts=1))


def get_weather(city: str) -> str:
    """The weather of a city."""
    raise KeyboardInterrupt(city)


def run(case: Case) -> None:
    """One run of an agent in a loop of its own; one that calls a tool is stopped before it asks the model again."""
    try:
        asyncio.run(_run(case))
    except KeyboardInterrupt:
        if "tools" not in case.request["config"]:
            raise


async def _run(case: Case) -> None:
    config = {name: value for name, value in case.request["config"].items() if name not in ("stream", "tools")}
    agent = LlmAgent(
        name="keeper",
        model=case.request["model"],
        instruction=SYSTEM,
        tools=[get_weather] if "tools" in case.request["config"] else [],
        generate_content_config=GenerateContentConfig(http_options=ONCE, **config),
    )
    runner = InMemoryRunner(agent=agent, app_name="captures")
    await runner.session_service.create_session(app_name="captures", user_id="u-9", session_id="s-9")
    streamed: Any = StreamingMode.SSE if "stream" in case.request["config"] else StreamingMode.NONE
    message = Content(role="user", parts=[Part(text=marked(case.name))])
    async for _ in runner.run_async(
        user_id="u-9", session_id="s-9", new_message=message, run_config=RunConfig(streaming_mode=streamed)
    ):
        pass


if __name__ == "__main__":
    providers = start()
    if sys.argv[1] == "openinference":
        GoogleADKInstrumentor().instrument()
    each(ADK[:-1] if sys.argv[1] == "openinference" else ADK, run)  # to it, a failure is a call without a word
    stop(*providers)
