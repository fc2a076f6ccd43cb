"""Agents of Pydantic AI of the middle of 2025 under Logfire, which told all messages in one list of events."""

import asyncio
from typing import Any

import logfire
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.exceptions import UsageLimitExceeded
from pydantic_ai.models import anthropic, openai
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import PYDANTIC_AI_2025
from tests.captures.drive.calls import each
from tests.captures.drive.pydantic_ai_settings import KEPT, SETTINGS, get_weather


def model_of(case: Case) -> Any:
    """Its model, of the API that the case is of."""
    if case.api == "messages":
        claude = AnthropicProvider(anthropic_client=AsyncAnthropic(max_retries=0))
        return anthropic.AnthropicModel(case.request["model"], provider=claude)
    provider = OpenAIProvider(openai_client=AsyncOpenAI(max_retries=0))
    kind = openai.OpenAIResponsesModel if case.api == "responses" else openai.OpenAIModel
    return kind(case.request["model"], provider=provider)


async def run(case: Case) -> None:
    """One run of an agent; one that calls a tool is stopped before it asks the model again."""
    settings = {SETTINGS.get(name, name): value for name, value in case.request.items() if name in KEPT}
    tools = [get_weather] if "tools" in case.request else []
    agent: Any = Agent(model_of(case), instructions=SYSTEM, model_settings=settings, tools=tools, retries=0)
    limits = UsageLimits(request_limit=1)
    try:
        if case.request.get("stream"):
            async with agent.run_stream(marked(case.name), usage_limits=limits) as stream:
                async for _ in stream.stream_text(delta=True):
                    pass
        else:
            await agent.run(marked(case.name), usage_limits=limits)
    except UsageLimitExceeded:
        if not tools:
            raise


if __name__ == "__main__":
    logfire.configure(send_to_logfire=False, service_name="captures", console=False)
    logfire.instrument_pydantic_ai()
    loop = asyncio.new_event_loop()
    each(PYDANTIC_AI_2025, lambda case: loop.run_until_complete(run(case)))
    logfire.shutdown()
