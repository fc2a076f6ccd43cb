"""A pipeline of Haystack under OpenInference."""

from haystack import Pipeline
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from openinference.instrumentation.haystack import HaystackInstrumentor

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import CHAT
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

NOT_KEPT = ("model", "messages", "stream", "tools", "stream_options")


def run(case: Case) -> None:
    """One run of a pipeline of one component."""
    told = {name: value for name, value in case.request.items() if name not in NOT_KEPT}
    if "tools" in case.request:
        told["tools"] = case.request["tools"]
    if "stream_options" in case.request:
        told["stream_options"] = case.request["stream_options"]
    heard = (lambda chunk: None) if case.request.get("stream") else None
    model = OpenAIChatGenerator(
        model=case.request["model"], generation_kwargs=told, streaming_callback=heard, max_retries=0
    )
    pipeline = Pipeline()
    pipeline.add_component("model", model)
    messages = [ChatMessage.from_system(SYSTEM), ChatMessage.from_user(marked(case.name))]
    pipeline.run({"model": {"messages": messages}})


if __name__ == "__main__":
    providers = start()
    HaystackInstrumentor().instrument()
    each(CHAT, run)
    stop(*providers)
