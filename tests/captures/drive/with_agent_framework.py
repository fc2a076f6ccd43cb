"""Agents of Microsoft's Agent Framework under their own instrumentation."""

import asyncio
from typing import Any

from agent_framework import Agent
from agent_framework.observability import enable_instrumentation
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient
from openai import AsyncOpenAI

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import AGENT_FRAMEWORK
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

OPTIONS = ("temperature", "max_tokens", "top_p", "seed", "frequency_penalty", "stop", "user", "max_output_tokens")


def get_weather(city: str) -> str:
    """The weather of a city."""
    raise KeyboardInterrupt(city)


def run(case: Case) -> None:
    """One run of an agent in a loop of its own; one that calls a tool is stopped before it asks the model again."""
    try:
        asyncio.run(_run(case))
    except KeyboardInterrupt:
        if "tools" not in case.request:
            raise


async def _run(case: Case) -> None:
    options: Any = {name: value for name, value in case.request.items() if name in OPTIONS}
    if "max_output_tokens" in options:
        options["max_tokens"] = options.pop("max_output_tokens")
    kind: Any = OpenAIChatClient if case.api == "responses" else OpenAIChatCompletionClient
    async with AsyncOpenAI(max_retries=0) as client:
        agent = Agent(
            kind(model=case.request["model"], async_client=client),
            instructions=SYSTEM,
            name="keeper",
            tools=[get_weather] if "tools" in case.request else [],
            default_options=options,
        )
        if case.request.get("stream"):
            async for _ in agent.run(marked(case.name), stream=True):
                pass
        else:
            await agent.run(marked(case.name))


if __name__ == "__main__":
    providers = start()
    enable_instrumentation(enable_sensitive_data=True)
    each(AGENT_FRAMEWORK, run)
    stop(*providers)
