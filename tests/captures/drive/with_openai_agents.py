"""Agents of OpenAI's own framework, by both of its APIs, under OpenInference."""

import asyncio
from typing import Any

from agents import (
    Agent,
    MaxTurnsExceeded,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
)
from openai import AsyncOpenAI
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import AGENTS
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

SETTINGS = {"max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens"}
KEPT = ("temperature", "max_tokens", "top_p", "frequency_penalty", *SETTINGS)
EXTRA = ("seed", "stop", "user", "reasoning_effort")


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def run(case: Case) -> None:
    """One run of an agent in a loop of its own."""
    asyncio.run(_run(case))


async def _run(case: Case) -> None:
    """One that calls a tool is stopped before it asks the model again."""
    settings: dict[str, Any] = {SETTINGS.get(name, name): value for name, value in case.request.items() if name in KEPT}
    extra = {name: value for name, value in case.request.items() if name in EXTRA}
    kind = OpenAIResponsesModel if case.api == "responses" else OpenAIChatCompletionsModel
    async with AsyncOpenAI(max_retries=0) as client:
        agent = Agent(
            name="keeper",
            instructions=SYSTEM,
            model=kind(case.request["model"], client),
            model_settings=ModelSettings(**settings, extra_args=extra or None, include_usage=not case.silent),
            tools=[get_weather] if "tools" in case.request else [],
        )
        try:
            await _ask(agent, case)
        except MaxTurnsExceeded:
            if "tools" not in case.request:
                raise


async def _ask(agent: Agent, case: Case) -> None:
    if case.request.get("stream"):
        async for _ in Runner.run_streamed(agent, marked(case.name), max_turns=1).stream_events():
            pass
    else:
        await Runner.run(agent, marked(case.name), max_turns=1)


if __name__ == "__main__":
    providers = start()
    OpenAIAgentsInstrumentor().instrument(tracer_provider=providers[0])
    each(AGENTS, run)
    stop(*providers)
