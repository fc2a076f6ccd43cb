"""LlamaIndex's OpenAI under OpenInference."""

from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import CHAT
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

OWN = ("temperature", "max_tokens", "reasoning_effort")
MORE = ("seed", "stop", "top_p", "frequency_penalty", "user", "stream_options", "max_completion_tokens")


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def run(case: Case) -> None:
    """One call; a stream is read to its end."""
    own = {name: value for name, value in case.request.items() if name in OWN}
    more = {name: value for name, value in case.request.items() if name in MORE}
    model = OpenAI(model=case.request["model"], max_retries=0, additional_kwargs=more, **own)
    messages = [ChatMessage(role="system", content=SYSTEM), ChatMessage(role="user", content=marked(case.name))]
    if "tools" in case.request:
        model.chat_with_tools([FunctionTool.from_defaults(get_weather)], chat_history=messages)
    elif case.request.get("stream"):
        list(model.stream_chat(messages))
    else:
        model.chat(messages)


if __name__ == "__main__":
    providers = start()
    LlamaIndexInstrumentor().instrument()
    each(CHAT, run)
    OpenAIEmbedding(max_retries=0).get_text_embedding(marked("embed"))
    stop(*providers)
