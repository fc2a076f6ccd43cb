"""The parameters of a call: under one name each, those that the client made up apart."""

import math
from collections.abc import Mapping
from typing import Any

from monitoring.llm.dialects.values import loaded, number

NAMES = {
    **dict.fromkeys(
        (
            *("max_completion_tokens", "max_output_tokens", "max_tokens_to_sample", "max_new_tokens", "max_gen_len"),
            *("maxOutputTokens", "maxTokens", "maxTokenCount"),
        ),
        "max_tokens",
    ),
    **dict.fromkeys(("stop_sequences", "stopSequences"), "stop"),
    "topP": "top_p",
    "topK": "top_k",
    "candidateCount": "n",
    "num_output": "max_tokens",
    "text": "response_format",
}
NUMBERS = frozenset(
    {"temperature", "top_p", "top_k", "max_tokens", "seed", "frequency_penalty", "presence_penalty", "n"}
)
NUMBERED = NUMBERS | NAMES.keys()
# What a parameter is, in an object that is a whole request or whatever else a client takes for the input of a call.
KNOWN = (
    NUMBERED
    | {
        "stop",
        "stream",
        "stream_options",
        "reasoning_effort",
        "reasoning",
        "thinking",
        "response_format",
        "tool_choice",
    }
    | {
        "parallel_tool_calls",
        "service_tier",
        "store",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "truncation",
        "modalities",
    }
)
# Fields of a request that are no parameters: they have their own place in a call, or say nothing of the answer.
OTHERWISE = frozenset(
    {"model", "model_name", "messages", "input", "prompt", "tools", "functions", "instructions", "system", "contents"}
    | {"base_url", "api_base", "api_key", "api_version", "organization", "max_retries", "include_usage"}
    | {"cache", "headers", "num_retries", "retry_strategy"}
    | {"context_window", "is_chat_model", "is_function_calling_model", "system_role"}
    | {"user", "metadata", "extra_headers", "extra_query", "extra_body", "timeout", "provider", "self", "_type"}
)
# What a client says where the caller said nothing. Providers do the same without being told, so nothing is lost with it.
INVENTED: dict[str, dict[str, tuple[int, ...]]] = {
    "langfuse": {"temperature": (1,), "top_p": (1,), "frequency_penalty": (0,), "presence_penalty": (0,), "n": (1,)},
    # LlamaIndex tells what a model can do as if it were asked for.
    "openinference": {"num_output": (-1, 256)},
}
INVENTED["openlit"] = INVENTED["langfuse"] | {"max_tokens": (-1,)}


def parameters(told: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of one object of a request."""
    found: dict[str, Any] = {}
    for name, value in told.items():
        if name in OTHERWISE or value is None:
            continue
        if name == "reasoning" and isinstance(value, Mapping) and value.get("effort"):
            found["reasoning_effort"] = value["effort"]
        elif (kept := parameter(NAMES.get(name, name), value)) is not None:
            found.setdefault(NAMES.get(name, name), kept)
    return found


def parameter(name: str, value: Any) -> Any:
    """One parameter's value: numbers as numbers, stops as a list; None where it is none."""
    if name in NUMBERS:
        return number(value)
    value = loaded(value)
    if name == "stop" and isinstance(value, str):
        return [value]
    if name == "stream" and isinstance(value, str):
        return value.lower() == "true"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return None if value in ("NOT_GIVEN", "Omit", "omit", {}, []) else value


def invented(told: Mapping[str, Any], dialect: str) -> dict[str, Any]:
    """Those of an object that the client says of its own accord, and those that are no values at all."""
    return {name: value for name, value in told.items() if is_invented(name, value, dialect)}


def is_invented(name: str, value: Any, dialect: str) -> bool:
    """Whether a client says this of its own accord, or it is no value at all (an infinity)."""
    made_up = INVENTED.get(dialect, {}).get(name)
    return (made_up is not None and number(value) in made_up) or (name in NUMBERED and _infinite(value))


def _infinite(value: Any) -> bool:
    if type(value) is float:
        return not math.isfinite(value)
    return type(value) is not int and str(value).strip("-+").lower() in ("infinity", "inf", "nan")
