"""Langfuse without its drop-in: an observation of one's own, or its callback of LangChain, of a person's conversation."""

from datetime import UTC, datetime
from typing import Any

import langfuse
from langfuse import Langfuse, get_client, observe
from langfuse.model import Prompt_Text, TextPromptClient
from openai import OpenAI

from tests.captures.cases import Case
from tests.captures.catalogue import LANGFUSE_MORE
from tests.captures.drive.calls import each

NAMES = {"prompt_tokens": "input", "completion_tokens": "output", "total_tokens": "total"}
NOT_PARAMS = ("model", "messages", "stream", "stream_options", "tools", "user")
CLIENT = OpenAI(max_retries=0)
PROMPT = TextPromptClient(Prompt_Text(name="keeper", version=3, prompt="…", type="text", config={}, labels=[], tags=[]))
WHO = {"user_id": "u-9", "session_id": "s-9", "tags": ["night"]}


@observe(as_type="generation", capture_input=False, capture_output=False)
def ask(case: Case) -> None:
    """One call, of which all is told by hand."""
    client = get_client()
    request = dict(case.request)
    params = {name: value for name, value in request.items() if name not in NOT_PARAMS}
    client.update_current_generation(
        model=request["model"], input=request["messages"], model_parameters=params, prompt=PROMPT
    )
    if not request.get("stream"):
        told = CLIENT.chat.completions.create(**request)
        usage, message = told.usage, told.choices[0].message.model_dump(exclude_none=True)
    else:
        text, first, usage = "", None, None
        for chunk in CLIENT.chat.completions.create(**request):
            first = first or datetime.now(UTC)
            text += chunk.choices[0].delta.content or "" if chunk.choices else ""
            usage = chunk.usage or usage
        message = {"role": "assistant", "content": text}
        client.update_current_generation(completion_start_time=first)
    counts: Any = usage.model_dump() if usage else {}
    details = {NAMES[name]: count for name, count in counts.items() if name in NAMES}
    cached = (counts.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    thought = (counts.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    details |= {"input": details["input"] - cached, "input_cached_tokens": cached}
    details |= {"output": details["output"] - thought, "output_reasoning_tokens": thought}
    cost = {"input": 0.25, "output": 0.5, "total": 0.75}
    client.update_current_generation(output=message, usage_details=details, cost_details=cost)


@observe()
def answer(case: Case) -> None:
    """A step around it, which knows who asks."""
    if hasattr(Langfuse, "update_current_trace"):
        get_client().update_current_trace(**WHO)
        ask(case)
    else:
        with langfuse.propagate_attributes(**WHO):
            ask(case)


if __name__ == "__main__":
    each(LANGFUSE_MORE, answer)
    get_client().shutdown()
