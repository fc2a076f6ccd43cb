"""Agents of Strands under their own instrumentation, of a person's conversation."""

from typing import Any

from strands import Agent, tool
from strands.models.anthropic import AnthropicModel
from strands.models.openai import OpenAIModel

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import STRANDS
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

PARAMS = ("temperature", "max_tokens", "top_p", "seed", "frequency_penalty", "stop", "max_completion_tokens")


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    raise KeyboardInterrupt(city)


def run(case: Case) -> None:
    """One run of an agent; one that calls a tool is stopped before it asks the model again."""
    params = {name: value for name, value in case.request.items() if name in PARAMS}
    once: Any = {"max_retries": 0}
    if case.api == "messages":
        model: Any = AnthropicModel(
            client_args=once, model_id=case.request["model"], max_tokens=params.pop("max_tokens")
        )
    else:
        model = OpenAIModel(client_args=once, model_id=case.request["model"], params=params)
    agent = Agent(
        model=model,
        system_prompt=SYSTEM,
        tools=[get_weather] if "tools" in case.request else [],
        callback_handler=None,
        retry_strategy=None,
        trace_attributes={"session.id": "s-9", "user.id": "u-9"},
    )
    try:
        agent(marked(case.name))
    except KeyboardInterrupt:
        if "tools" not in case.request:
            raise
    except Exception as error:
        if type(error).__name__ != "MaxTokensReachedException":
            raise


if __name__ == "__main__":
    providers = start()
    each(STRANDS, run)
    stop(*providers)
