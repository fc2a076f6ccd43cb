"""Semantic Kernel's chat with its own diagnostics."""

import asyncio
import logging

from openai import AsyncOpenAI
from opentelemetry.sdk._logs import LoggingHandler
from semantic_kernel import Kernel
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion, OpenAIChatPromptExecutionSettings
from semantic_kernel.contents import ChatHistory
from semantic_kernel.functions import kernel_function

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import CHAT
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

NOT_KEPT = ("model", "messages", "stream", "tools", "stream_options")


class Weather:
    """What the model may call."""

    @kernel_function(name="get_weather", description="The weather of a city.")
    def get_weather(self, city: str) -> str:
        """The weather of a city."""
        return f"sunny in {city}"


def run(case: Case) -> None:
    """One call in a loop of its own."""
    asyncio.run(_run(case))


async def _run(case: Case) -> None:
    told = {name: value for name, value in case.request.items() if name not in NOT_KEPT}
    async with AsyncOpenAI(max_retries=0) as client:
        service = OpenAIChatCompletion(ai_model_id=case.request["model"], async_client=client)
        kernel = Kernel()
        kernel.add_service(service)
        settings = OpenAIChatPromptExecutionSettings(**told)
        if "tools" in case.request:
            kernel.add_plugin(Weather(), "weather")
            settings.function_choice_behavior = FunctionChoiceBehavior.Auto(auto_invoke=False)
        history = ChatHistory(system_message=SYSTEM)
        history.add_user_message(marked(case.name))
        if case.request.get("stream"):
            async for _ in service.get_streaming_chat_message_contents(history, settings, kernel=kernel):
                pass
        else:
            await service.get_chat_message_contents(history, settings, kernel=kernel)


if __name__ == "__main__":
    providers = start()
    logging.getLogger().addHandler(LoggingHandler(logger_provider=providers[1]))
    logging.getLogger("semantic_kernel").setLevel(logging.INFO)
    each(CHAT, run)
    stop(*providers)
