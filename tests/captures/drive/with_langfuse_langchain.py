"""LangChain with Langfuse's callback, of a person's conversation."""

from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from langfuse import get_client
from langfuse.langchain import CallbackHandler

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import LANGGRAPH
from tests.captures.drive.calls import each

NOT_KEPT = ("model", "messages", "system", "tools", "stream", "stream_options", "user", "instructions", "input")


def run(case: Case) -> None:
    """One chain."""
    told: dict[str, Any] = {name: value for name, value in case.request.items() if name not in NOT_KEPT}
    if case.api == "messages":
        model: Any = ChatAnthropic(model=case.request["model"], max_retries=0, **told)
    else:
        told["use_responses_api"] = case.api == "responses"
        model = ChatOpenAI(model=case.request["model"], max_retries=0, stream_usage=True, **told)
    if "tools" in case.request:
        model = model.bind_tools(case.request["tools"])
    chain = ChatPromptTemplate.from_messages([("system", SYSTEM), ("user", "{asked}")]) | model
    config: Any = {
        "callbacks": [CallbackHandler()],
        "metadata": {"langfuse_user_id": "u-9", "langfuse_session_id": "s-9"},
    }
    if case.request.get("stream"):
        list(chain.stream({"asked": marked(case.name)}, config))
    else:
        chain.invoke({"asked": marked(case.name)}, config)


if __name__ == "__main__":
    each(LANGGRAPH, run)
    get_client().shutdown()
