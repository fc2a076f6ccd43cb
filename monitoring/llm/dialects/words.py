"""Words that providers and clients use for why a call ended, brought to those of the wire contract."""

from typing import Any

from monitoring.llm.dialects.values import loaded, text

FINISH_REASONS = {
    **dict.fromkeys(("stop", "end_turn", "stop_sequence", "completed", "complete", "eos", "eos_token", "end"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length", "token_limit"), "length"),
    **dict.fromkeys(("incomplete", "model_context_window_exceeded"), "length"),
    **dict.fromkeys(("tool_calls", "tool_call", "tool_use", "function_call", "function_calls"), "tool_calls"),
    **dict.fromkeys(("content_filter", "content_filtered", "refusal", "safety", "recitation"), "content_filter"),
    **dict.fromkeys(("blocklist", "prohibited_content", "spii", "guardrail_intervened"), "content_filter"),
    **dict.fromkeys(("error", "failed", "cancelled", "malformed_function_call"), "error"),
}
# Said by clients that do not know: no reason at all, which is not the same as `stop`.
UNKNOWN = frozenset({"", "unknown", "none", "null", "finish_reason_unspecified", "unspecified"})


def finish_reason(value: Any) -> str | None:
    """The reason in the words of the contract, of several choices that of the first; None where it is unknown, `other` where
    the word is."""
    value = loaded(value)
    told = text(value[0] if isinstance(value, list) and value else value) or ""
    if told in FINISH_REASONS:
        return FINISH_REASONS[told]
    word = told.rsplit(".", 1)[-1].lower().replace("-", "_").replace(" ", "_")
    return None if word in UNKNOWN else FINISH_REASONS.get(word, "other")
