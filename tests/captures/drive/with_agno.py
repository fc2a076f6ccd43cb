"""Agents of Agno under OpenInference, of a person's conversation."""

from typing import Any

from agno.agent import Agent
from agno.models.anthropic import Claude
from agno.models.openai import OpenAIChat, OpenAIResponses
from openinference.instrumentation.agno import AgnoInstrumentor

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import AGNO
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

PARAMS = (
    *("temperature", "max_tokens", "top_p", "seed", "frequency_penalty", "stop", "max_completion_tokens"),
    *("max_output_tokens", "stop_sequences", "user", "reasoning_effort"),
)
KINDS = {"messages": Claude, "responses": OpenAIResponses, "chat": OpenAIChat}


def get_weather(city: str) -> str:
    """The weather of a city."""
    raise KeyboardInterrupt(city)


def run(case: Case) -> None:
    """One run of an agent; one that calls a tool is stopped before it asks the model again."""
    params = {name: value for name, value in case.request.items() if name in PARAMS}
    model: Any = KINDS[case.api](id=case.request["model"], retries=0, client_params={"max_retries": 0}, **params)
    tools: Any = [get_weather] if "tools" in case.request else []
    agent = Agent(model=model, instructions=SYSTEM, tools=tools, user_id="u-9", session_id="s-9", telemetry=False)
    try:
        if case.request.get("stream"):
            list(agent.run(marked(case.name), stream=True))
        else:
            agent.run(marked(case.name))
    except KeyboardInterrupt:
        if not tools:
            raise


if __name__ == "__main__":
    providers = start()
    AgnoInstrumentor().instrument()
    each(AGNO, run)
    stop(*providers)
