"""Models of smolagents under OpenInference."""

from typing import Any

from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from smolagents import ChatMessage, MessageRole, OpenAIServerModel, Tool

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import CHAT
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

NOT_KEPT = ("model", "messages", "stream", "tools", "stream_options")


class Weather(Tool):  # type: ignore[misc]  # its package has no types here
    """What the model may call."""

    name = "get_weather"
    description = "The weather of a city."
    inputs: Any = {"city": {"type": "string", "description": "Where."}}
    output_type = "string"

    def forward(self, city: str) -> str:
        """The weather of a city."""
        return f"sunny in {city}"


def run(case: Case) -> None:
    """One call of a model, as agents make them."""
    told = {name: value for name, value in case.request.items() if name not in NOT_KEPT}
    model = OpenAIServerModel(case.request["model"], client_kwargs={"max_retries": 0}, retry=False)
    messages = [
        ChatMessage(role=MessageRole.SYSTEM, content=[{"type": "text", "text": SYSTEM}]),
        ChatMessage(role=MessageRole.USER, content=[{"type": "text", "text": marked(case.name)}]),
    ]
    tools = [Weather()] if "tools" in case.request else None
    if case.request.get("stream"):
        list(model.generate_stream(messages, **told))
    else:
        model.generate(messages, tools_to_call_from=tools, **told)


if __name__ == "__main__":
    providers = start()
    SmolagentsInstrumentor().instrument()
    each(CHAT, run)
    stop(*providers)
