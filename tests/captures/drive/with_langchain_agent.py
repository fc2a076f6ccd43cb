"""An agent of LangChain that asks for a tool and answers with what it gave, asynchronously, under what the argument names: `python -m … FAMILY`."""

import asyncio
import importlib
import sys
from typing import Any

from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from tests.captures.cases import SYSTEM, marked
from tests.captures.drive.telemetry import start, stop

INSTRUMENTORS = {
    "openinference": "openinference.instrumentation.langchain:LangChainInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.langchain:LangchainInstrumentor",
}
MODELS = {"agent": ChatOpenAI(model="gpt-4o", max_retries=0, temperature=0.2, stream_usage=True)}
MODELS["claude_agent"] = ChatAnthropic(model="claude-sonnet-4-5", max_retries=0, max_tokens=501)
ASKED: list[str] = []


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city} [case:{ASKED[-1]}_tells]"


async def run(name: str, config: dict[str, Any], *, streamed: bool) -> None:
    """One question to an agent, which asks its model twice."""
    ASKED.append(name)
    agent: Any = create_agent(MODELS[name.removesuffix("_stream")], [get_weather], system_prompt=SYSTEM)
    asked = {"messages": [("user", marked(f"{name}_asks"))]}
    if streamed:
        async for _ in agent.astream(asked, config, stream_mode="messages"):
            pass
    else:
        await agent.ainvoke(asked, config)


async def all_of(config: dict[str, Any]) -> None:
    """All agents, one after another."""
    await run("agent", config, streamed=False)
    await run("agent_stream", config, streamed=True)
    await run("claude_agent", config, streamed=False)


def main(family: str) -> None:
    """Watch, ask, send the rest."""
    config: dict[str, Any] = {"metadata": {"user_id": "u-9", "session_id": "s-9"}}
    if family == "langfuse":
        langfuse = importlib.import_module("langfuse.langchain").CallbackHandler()
        config = {"callbacks": [langfuse], "metadata": {"langfuse_user_id": "u-9", "langfuse_session_id": "s-9"}}
    elif family == "mlflow":
        importlib.import_module("mlflow").langchain.autolog()
    providers = start() if family in INSTRUMENTORS else None
    if providers:
        module, _, name = INSTRUMENTORS[family].partition(":")
        getattr(importlib.import_module(module), name)().instrument()
    asyncio.run(all_of(config))
    if providers:
        stop(*providers)
    elif family == "mlflow":
        importlib.import_module("mlflow").flush_trace_async_logging()
    else:
        importlib.import_module("langfuse").get_client().shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
