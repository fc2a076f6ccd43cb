"""A graph of LangGraph with one node, of a person's conversation, under what the argument names: `python -m … FAMILY`."""

import importlib
import json
import os
import sys
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.tracers.langchain import wait_for_all_tracers
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

INSTRUMENTORS = {
    "openinference": "openinference.instrumentation.langchain:LangChainInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.langchain:LangchainInstrumentor",
    "genai": "opentelemetry.instrumentation.genai.langchain:LangChainInstrumentor",
}
NOT_KEPT = ("model", "messages", "system", "tools", "stream", "stream_options", "user", "instructions", "input")
CONFIG = {"configurable": {"thread_id": "s-9"}, "metadata": {"user_id": "u-9", "session_id": "s-9"}}


def model_of(case: Case) -> Any:
    """Its model, of the API that the case is of."""
    told = {name: value for name, value in case.request.items() if name not in NOT_KEPT}
    if case.api == "messages":
        model: Any = ChatAnthropic(model=case.request["model"], max_retries=0, **told)
    else:
        model = ChatOpenAI(
            model=case.request["model"],
            max_retries=0,
            use_responses_api=case.api == "responses",
            stream_usage=True,
            **told,
        )
    return model.bind_tools(case.request["tools"]) if "tools" in case.request else model


def run(case: Case) -> None:
    """One run of a graph."""
    model = model_of(case)
    graph = StateGraph(MessagesState)
    graph.add_node("answer", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_edge(START, "answer")
    asked: Any = {"messages": [("system", SYSTEM), ("user", marked(case.name))]}
    if case.request.get("stream"):
        list(graph.compile().stream(asked, CONFIG, stream_mode="messages"))
    else:
        graph.compile().invoke(asked, CONFIG)


if __name__ == "__main__":
    providers = start()
    if sys.argv[1] == "mlflow":
        importlib.import_module("mlflow").langchain.autolog()
    if sys.argv[1] in INSTRUMENTORS:
        module, _, name = INSTRUMENTORS[sys.argv[1]].partition(":")
        getattr(importlib.import_module(module), name)().instrument()
    each([one["name"] for one in json.loads(os.environ["CAPTURES_CASES"]) if one["name"] != "embed"], run)
    wait_for_all_tracers()  # LangSmith tells from a thread
    if sys.argv[1] == "mlflow":
        importlib.import_module("mlflow").flush_trace_async_logging()
    stop(*providers)
