"""Agents of AutoGen under their own instrumentation, and openai below them under that of OpenInference."""

import asyncio
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_ext.models.openai import OpenAIChatCompletionClient
from openinference.instrumentation.autogen_agentchat import AutogenAgentChatInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import LANGCHAIN
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

PARAMS = ("temperature", "max_tokens", "top_p", "seed", "frequency_penalty", "stop", "user")
INFO: Any = {
    "vision": False,
    "function_calling": True,
    "json_output": True,
    "family": "gpt-4o",
    "structured_output": True,
}


async def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def run(case: Case) -> None:
    """One run of an agent in a loop of its own."""
    asyncio.run(_run(case))


async def _run(case: Case) -> None:
    params = {name: value for name, value in case.request.items() if name in PARAMS}
    client = OpenAIChatCompletionClient(model=case.request["model"], max_retries=0, model_info=INFO, **params)
    agent = AssistantAgent(
        name="keeper",
        model_client=client,
        system_message=SYSTEM,
        tools=[get_weather] if "tools" in case.request else [],
        model_client_stream=bool(case.request.get("stream")),
    )
    await agent.run(task=marked(case.name))


if __name__ == "__main__":
    providers = start()
    AutogenAgentChatInstrumentor().instrument()
    OpenAIInstrumentor().instrument()
    each(LANGCHAIN, run)
    stop(*providers)
