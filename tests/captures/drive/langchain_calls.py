"""Makes some of the calls through a chain of LangChain: a template, a model, and its own streaming."""

from typing import Any

from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI

from tests.captures.catalogue import CASES, LANGCHAIN


def make() -> None:
    """One chain a case; failures are expected."""
    for name in LANGCHAIN:
        try:
            _run(dict(CASES[name].request))
        except Exception as error:
            if CASES[name].http == 200:
                raise
            print(name, type(error).__name__)


def _run(request: dict[str, Any]) -> None:
    messages = [(one["role"], one["content"]) for one in request.pop("messages")]
    tools, stream, user = request.pop("tools", None), request.pop("stream", False), request.pop("user", None)
    request.pop("stream_options", None)
    more = {"model_kwargs": {"user": user}} if user else {}
    model = ChatOpenAI(max_retries=0, stream_usage=True, **request, **more)
    chain = ChatPromptTemplate.from_messages(messages) | (model.bind_tools(tools) if tools else model)
    if stream:
        list(chain.stream({}))
    else:
        chain.invoke({})
