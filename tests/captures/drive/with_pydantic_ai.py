"""Agents of Pydantic AI under their own instrumentation, all at once: `Agent.instrument_all()`."""

from typing import Any

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.exceptions import UsageLimitExceeded
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import PYDANTIC_AI
from tests.captures.drive.calls import each
from tests.captures.drive.pydantic_ai_settings import KEPT, SETTINGS, get_weather
from tests.captures.drive.telemetry import start, stop

OPENAI = OpenAIProvider(openai_client=AsyncOpenAI(max_retries=0))
ANTHROPIC = AnthropicProvider(anthropic_client=AsyncAnthropic(max_retries=0))


def model_of(case: Case) -> Any:
    """Its model, of the API that the case is of."""
    name = case.request["model"]
    if case.api == "messages":
        return AnthropicModel(name, provider=ANTHROPIC)
    kind = OpenAIResponsesModel if case.api == "responses" else OpenAIChatModel
    return kind(name, provider=OPENAI)


def run(case: Case) -> None:
    """One run of an agent; one that calls a tool is stopped before it asks the model again."""
    settings = {SETTINGS.get(name, name): value for name, value in case.request.items() if name in KEPT}
    tools = [get_weather] if "tools" in case.request else []
    agent = Agent(model_of(case), instructions=SYSTEM, model_settings=settings, tools=tools, retries=0, name="keeper")
    limits = UsageLimits(request_limit=1)
    try:
        if case.request.get("stream"):
            list(agent.run_stream_sync(marked(case.name), usage_limits=limits).stream_text(delta=True))
        else:
            agent.run_sync(marked(case.name), usage_limits=limits)
    except UsageLimitExceeded:
        if not tools:
            raise


if __name__ == "__main__":
    providers = start()
    Agent.instrument_all()
    each(PYDANTIC_AI, run)
    stop(*providers)
