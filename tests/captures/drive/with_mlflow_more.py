"""MLflow's autolog of anthropic, LangChain, LiteLLM or DSPy, exporting by OTLP, of a person's conversation: `python -m … LIBRARY`."""

import importlib
import os
import sys
from typing import Any

import anthropic
import mlflow

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import LANGCHAIN, OF_ANTHROPIC, names
from tests.captures.drive import ways
from tests.captures.drive.calls import each

NOT_KEPT = ("model", "messages", "tools", "stream", "stream_options", "user")


@mlflow.trace
def ask_anthropic(case: Case) -> None:
    """One call in a trace of a person."""
    mlflow.update_current_trace(metadata={"mlflow.trace.user": "u-9", "mlflow.trace.session": "s-9"})
    found: Any = anthropic.Anthropic(max_retries=0).messages.create(**case.request)
    if case.request.get("stream"):
        list(found)


def ask_langchain(case: Case) -> None:
    """One call through LangChain."""
    told: Any = {name: value for name, value in case.request.items() if name not in NOT_KEPT}
    model: Any = importlib.import_module("langchain_openai").ChatOpenAI(
        model=case.request["model"], max_retries=0, stream_usage=True, **told
    )
    if "tools" in case.request:
        model = model.bind_tools(case.request["tools"])
    asked = [("system", SYSTEM), ("user", marked(case.name))]
    if case.request.get("stream"):
        list(model.stream(asked))
    else:
        model.invoke(asked)


if __name__ == "__main__":
    getattr(mlflow, sys.argv[1]).autolog()
    if os.environ.get("CAPTURES_MORE"):
        ways.make(lambda kind: getattr(anthropic, f"{kind}Anthropic"))
    elif sys.argv[1] == "anthropic":
        each(names(OF_ANTHROPIC), ask_anthropic)
    else:
        each(LANGCHAIN, ask_langchain)
    mlflow.flush_trace_async_logging()
