"""What the clients of tests/captures/catalogue.py's ways, and those of the year before, never tell: as in never.py."""

from tests.captures.never_words import each, said_never

NEVER_WAYS: dict[str, tuple[str, ...]] = {
    "anthropic-genai-async": (),
    # It tells no call that fails, and of a stream neither its id nor its cached tokens.
    "anthropic-openinference-2024": (
        *said_never("ttft_ms claude_limited"),
        *each("finish_reason", "claude_stream"),
        *each("response_id", "claude_stream"),
        *each("response_model", "claude_stream"),
        *each("usage", "claude_stream"),
    ),
    # It tells no call that fails, and of a stream neither its id nor its cached tokens.
    "anthropic-openinference-2025": (
        *said_never("ttft_ms claude_limited claude_broken"),
        *each("finish_reason", "claude_stream claude_tool_stream"),
        *each("response_id", "claude_stream claude_tool_stream"),
        *each("response_model", "claude_stream claude_tool_stream"),
        *each("usage", "claude_stream claude_tool_stream"),
    ),
    "anthropic-openinference-async": (),
    "anthropic-openinference-ways": (),
    # It counts tokens by itself, and tells neither ids nor calls that fail.
    "anthropic-openllmetry-2024": (
        *said_never("system params.max_tokens response_id tool_calls tools ttft_ms claude_limited"),
        *each("response", "claude_tools"),
        *each("response_model", "claude_stream"),
        *each("usage", "claude_cached claude_length claude_stream"),
    ),
    # It tells no call that fails, and neither the most tokens nor the counts of streams.
    "anthropic-openllmetry-2025": (
        *said_never("params.max_tokens params.stop ttft_ms claude_limited claude_broken"),
        *each("response_model", "claude_stream claude_tool_stream"),
        *each("tool_calls", "claude_tool_stream"),
        *each("usage", "claude_stream claude_tool_stream"),
    ),
    # A torn stream is told by the SDK itself, in the words of the API; what was asked raw has no answer.
    "anthropic-openllmetry-async": (
        *each("error_type", "claude_torn"),
        *each("prompt", "claude_left"),
        *each("response", "claude_raw claude_left claude_torn"),
        *each("system", "claude_left"),
    ),
    # A stream that is left or torn is told by the SDK itself alone, in the words of the API.
    "anthropic-openllmetry-ways": (
        *each("error_type", "claude_torn"),
        *each("prompt", "claude_left claude_torn"),
        *each("response", "claude_left claude_torn"),
        *each("system", "claude_left claude_torn"),
    ),
    # Instructor adds to what speaks for the system.
    "instructor": (*each("system", "chat_parsed"),),
    "langchain-agent-langfuse": (
        *said_never("tools"),
        *each("finish_reason", "agent_tells agent_stream_tells"),
        *each("response_id", "agent_asks agent_tells agent_stream_asks agent_stream_tells"),
        *each("response_model", "agent_stream_asks agent_stream_tells"),
    ),
    "langchain-agent-mlflow": (
        *said_never("response_model response_id ttft_ms"),
        *each("finish_reason", "agent_tells agent_stream_tells claude_agent_tells"),
    ),
    "langchain-agent-openinference": (
        *said_never("ttft_ms"),
        *each("response_id", "agent_stream_asks agent_stream_tells"),
    ),
    "langchain-agent-openllmetry": (
        *said_never("ttft_ms"),
        *each("response_id", "agent_stream_asks agent_stream_tells"),
        *each("response_model", "agent_stream_asks agent_stream_tells"),
    ),
    "langfuse-2025": (
        *said_never("user_id params.stop params.reasoning_effort"),
        *each(
            "finish_reason",
            "chat_plain chat_bare chat_length chat_reasoning chat_turns chat_picture chat_filter chat_stream "
            "chat_stream_silent chat_choices",
        ),
        *each("params.max_tokens", "chat_reasoning resp_plain resp_length resp_thought"),
        *each(
            "request_model",
            "chat_plain chat_bare chat_length chat_reasoning chat_tools chat_turns chat_picture chat_filter "
            "chat_stream chat_stream_silent resp_plain resp_length resp_tools resp_stream chat_choices "
            "chat_parallel chat_tool_stream resp_thought resp_tool_stream",
        ),
        *each(
            "response_id",
            "chat_plain chat_bare chat_length chat_reasoning chat_tools chat_turns chat_picture chat_filter "
            "chat_stream chat_stream_silent resp_plain resp_length resp_tools chat_choices chat_parallel "
            "chat_tool_stream resp_thought",
        ),
        *each("system", "resp_plain resp_length resp_tools resp_thought resp_limited resp_broken"),
        *each("tools", "resp_tools"),
        *each("usage", "resp_stream resp_tool_stream"),
    ),
    # It takes a torn stream for a whole one, and says `incomplete` for every answer that was cut.
    "langfuse-async": (
        *said_never("user_id params.stop"),
        *each("error_type", "chat_torn"),
        *each(
            "finish_reason",
            "chat_plain chat_length chat_choices chat_parsed chat_schema chat_refusal chat_both chat_spoken "
            "chat_raw text_plain text_stream resp_filter",
        ),
        *each(
            "request_model",
            "chat_plain chat_length chat_tools chat_stream chat_tool_stream chat_choices resp_plain "
            "resp_tools resp_stream resp_tool_stream chat_parsed chat_schema chat_refusal chat_both "
            "chat_thought_stream chat_spoken chat_helper chat_raw chat_left chat_torn resp_previous "
            "resp_picture resp_parsed resp_helper resp_refusal resp_filter resp_searched",
        ),
        *each("response", "chat_refusal"),
        *each(
            "response_id",
            "chat_plain chat_length chat_tools chat_stream chat_tool_stream chat_choices resp_plain "
            "resp_tools chat_parsed chat_schema chat_refusal chat_both chat_thought_stream chat_spoken "
            "chat_helper chat_raw chat_left chat_torn text_plain text_stream resp_previous resp_picture "
            "resp_parsed resp_refusal resp_filter resp_searched",
        ),
        *each("status", "chat_torn"),
    ),
    # Of several choices it tells the last.
    "langfuse-langchain-2025": (
        *said_never("params.seed response_id params.stop tools params.reasoning_effort params.n"),
        *each(
            "finish_reason",
            "chat_plain chat_length chat_stream chat_reasoning chat_filter resp_plain resp_length resp_tools "
            "resp_stream claude_cached claude_length claude_stream chat_choices claude_tool_stream",
        ),
        *each("params.max_tokens", "resp_plain resp_length"),
        *each("response", "chat_choices"),
        *each(
            "response_model",
            "chat_stream resp_plain resp_length resp_tools resp_stream claude_stream claude_tool_stream",
        ),
        *each("tool_calls", "resp_tools"),
    ),
    # It adds up the tokens of every choice; errors are LangChain's own.
    "langgraph-mlflow": (
        *said_never("error_type"),
        *each("finish_reason", "chat_plain chat_stream chat_choices resp_plain"),
        *each("response_id", "chat_plain chat_tools chat_stream chat_choices resp_plain"),
        *each("response_model", "chat_plain chat_tools chat_stream chat_choices resp_plain"),
        *each("ttft_ms", "chat_stream"),
        *each("usage", "chat_choices resp_plain"),
    ),
    "langgraph-mlflow-2025": (
        *said_never("ttft_ms"),
        *each("finish_reason", "resp_tools"),
        *each("response_id", "chat_stream chat_choices claude_tool_stream"),
        *each("response_model", "chat_choices"),
        *each("tool_calls", "resp_tools"),
        *each("usage", "chat_stream resp_plain claude_tool_stream"),
    ),
    "langgraph-openinference-2025": (
        *said_never("ttft_ms"),
        *each("response_id", "chat_stream claude_tool_stream"),
    ),
    # People and conversations stand in the text of a task alone, and of several choices it tells the last.
    "langgraph-openllmetry-2025": (
        *said_never("params.seed user_id session_id params.frequency_penalty ttft_ms params.n"),
        *each(
            "finish_reason",
            "chat_plain chat_stream chat_choices resp_plain resp_tools claude_cached claude_tool_stream",
        ),
        *each("params.max_tokens", "chat_plain resp_plain"),
        *each("response", "chat_choices"),
        *each("response_id", "chat_stream resp_plain resp_tools claude_tool_stream"),
        *each("response_model", "chat_stream resp_plain resp_tools claude_tool_stream"),
        *each("tool_calls", "resp_tools"),
        *each("usage", "chat_choices resp_plain resp_tools claude_cached claude_tool_stream"),
    ),
    # Its ids of Claude's answers are its own.
    "litellm-proxy": (
        *said_never(
            "params.seed params.stop params.frequency_penalty ttft_ms params.reasoning_effort params.n",
        ),
        *each("params.max_tokens", "chat_reasoning chat_thought_stream"),
        *each("response_id", "claude_cached claude_length claude_tools claude_stream"),
        *each("response_model", "chat_stream chat_tool_stream chat_thought_stream claude_stream"),
    ),
    # Of Claude it tells neither the model that answered nor why it ended, and of streams no counts.
    "logfire-2025": (
        *said_never("response_id ttft_ms"),
        *each(
            "finish_reason",
            "chat_plain chat_bare chat_length chat_reasoning chat_turns chat_picture chat_filter chat_stream "
            "chat_stream_silent resp_plain resp_length resp_stream chat_choices resp_thought resp_tool_stream "
            "claude_cached claude_plain claude_length claude_stream claude_thought claude_tool_stream "
            "claude_turns",
        ),
        *each("params.max_tokens", "resp_plain resp_length resp_thought"),
        *each(
            "params.temperature",
            "resp_plain resp_stream resp_tool_stream resp_limited resp_broken",
        ),
        *each("params.top_p", "resp_tools"),
        *each("response", "resp_stream resp_tool_stream"),
        *each(
            "response_model",
            "chat_stream chat_stream_silent resp_stream chat_tool_stream resp_tool_stream claude_cached "
            "claude_plain claude_length claude_tools claude_stream claude_thought claude_tool_stream "
            "claude_turns",
        ),
        *each("tool_calls", "resp_tool_stream claude_tool_stream"),
        *each("tools", "resp_tools resp_tool_stream"),
        *each(
            "usage",
            "resp_plain resp_stream resp_thought resp_tool_stream claude_stream claude_tool_stream",
        ),
    ),
    # It tells no prompt of Completions, and no answer that was asked raw.
    "logfire-async": (
        *said_never("user_id ttft_ms params.n params.reasoning_effort"),
        *each("finish_reason", "text_stream claude_raw"),
        *each("prompt", "text_plain text_stream"),
        *each("response", "claude_raw"),
        *each("response_id", "text_stream claude_raw"),
        *each("response_model", "claude_raw"),
        *each("usage", "text_stream claude_raw"),
    ),
    "mlflow-2025": (
        *said_never("ttft_ms"),
        *each("usage", "chat_stream chat_tool_stream"),
    ),
    # It writes down the object of a stream instead of what comes of it.
    "mlflow-anthropic-2025": (
        *said_never("ttft_ms"),
        *each("finish_reason", "claude_stream claude_tool_stream"),
        *each("response", "claude_stream claude_tool_stream"),
        *each("response_id", "claude_stream claude_tool_stream"),
        *each("response_model", "claude_stream claude_tool_stream"),
        *each("tool_calls", "claude_tool_stream"),
        *each("usage", "claude_stream claude_tool_stream"),
    ),
    # It writes down the object of a stream, and of an answer that was asked raw, and sees no helpers.
    "mlflow-anthropic-async": (
        *said_never("ttft_ms claude_helper claude_helper_tools claude_beta"),
        *each("error_type", "claude_torn"),
        *each("finish_reason", "claude_stream claude_tool_stream claude_thought_stream claude_raw"),
        *each(
            "response",
            "claude_stream claude_tool_stream claude_thought_stream claude_raw claude_left claude_torn",
        ),
        *each(
            "response_id",
            "claude_stream claude_tool_stream claude_thought_stream claude_raw claude_left claude_torn",
        ),
        *each(
            "response_model",
            "claude_stream claude_tool_stream claude_thought_stream claude_raw claude_left claude_torn",
        ),
        *each("status", "claude_torn"),
        *each("tool_calls", "claude_tool_stream"),
        *each("usage", "claude_stream claude_tool_stream claude_thought_stream claude_raw"),
    ),
    # A stream that is left is never told.
    "mlflow-async": (*said_never("chat_left"),),
    # It writes down a name instead of a stream by the body of the model's maker.
    "mlflow-bedrock": (
        *said_never("ttft_ms"),
        *each("finish_reason", "br_invoke_stream"),
        *each("response", "br_invoke_stream"),
        *each("response_id", "br_invoke_stream"),
        *each("response_model", "br_invoke_stream"),
    ),
    # It sees no streams.
    "mlflow-gemini": (*said_never("gem_stream"),),
    # It knows no Responses.
    "openai-contrib-2025": (
        *said_never(
            "user_id params.stop params.reasoning_effort tools ttft_ms params.n resp_plain resp_length "
            "resp_tools resp_stream resp_thought resp_tool_stream resp_limited resp_broken",
        ),
        *each("params.max_tokens", "chat_reasoning"),
        *each("usage", "chat_plain chat_reasoning chat_stream chat_tool_stream"),
    ),
    # It knows neither Responses nor Completions.
    "openai-contrib-async": (
        *said_never(
            "user_id tools ttft_ms params.reasoning_effort resp_plain resp_tools resp_stream resp_tool_stream "
            "chat_parsed text_plain text_stream resp_previous resp_picture resp_parsed resp_helper "
            "resp_refusal resp_filter resp_searched resp_late",
        ),
        *each("params.max_tokens", "chat_thought_stream"),
        *each("response", "chat_refusal"),
        *each("system", "chat_thought_stream"),
        *each(
            "usage",
            "chat_plain chat_stream chat_tool_stream chat_thought_stream chat_spoken chat_helper",
        ),
    ),
    # It knows no Completions.
    "openai-genai-async": (*said_never("user_id params.reasoning_effort text_plain text_stream"),),
    "openai-openinference-2024": (),
    "openai-openinference-2025": (),
    "openai-openinference-async": (),
    "openai-openinference-ways": (),
    # It tells neither ids nor calls that fail.
    "openai-openllmetry-2024": (
        *said_never("params.seed response_id params.stop params.n chat_limited chat_broken"),
        *each("usage", "chat_plain chat_stream chat_tool_stream"),
    ),
    # It knows Responses only with tools of its own, and writes FILTERED for what was filtered.
    "openai-openllmetry-2025": (
        *said_never(
            "params.seed params.stop params.reasoning_effort params.n resp_plain resp_length resp_tools "
            "resp_stream resp_thought resp_tool_stream resp_limited resp_broken",
        ),
        *each("params.max_tokens", "chat_reasoning"),
        *each("prompt", "chat_picture"),
        *each("response", "chat_filter"),
        *each("usage", "chat_reasoning chat_stream chat_tool_stream"),
    ),
    "openai-openllmetry-async": (
        *said_never("params.seed params.stop params.n resp_filter"),
        *each("error_type", "chat_torn"),
        *each("finish_reason", "resp_searched"),
        *each("params.max_tokens", "chat_thought_stream"),
        *each("response", "resp_refusal"),
        *each("status", "chat_torn"),
        *each("ttft_ms", "resp_stream resp_tool_stream text_stream resp_helper"),
        *each("usage", "chat_thought_stream chat_spoken"),
    ),
    # It counts neither sound nor thoughts in streams, takes a torn stream for a whole one, and says of every search that it ended for a tool.
    "openai-openllmetry-ways": (
        *said_never("params.seed resp_filter"),
        *each("error_type", "chat_torn"),
        *each("finish_reason", "resp_searched"),
        *each("params.max_tokens", "chat_thought_stream"),
        *each("response", "resp_refusal"),
        *each("status", "chat_torn"),
        *each("ttft_ms", "text_stream resp_helper"),
        *each("usage", "chat_thought_stream chat_spoken"),
    ),
    # It tells no content of a call that fails, and counts a stream of Claude twice.
    "pydantic-ai-2025": (
        *said_never("response_id user_id params.stop ttft_ms error_type params.reasoning_effort"),
        *each(
            "finish_reason",
            "chat_plain chat_length chat_stream chat_reasoning chat_filter resp_plain resp_length resp_stream "
            "claude_cached claude_length claude_stream",
        ),
        *each("prompt", "chat_limited chat_broken claude_limited"),
        *each("response_model", "chat_stream resp_stream claude_stream"),
        *each("system", "chat_limited chat_broken claude_limited"),
        *each("usage", "claude_stream"),
    ),
    "traceloop-sdk-async": (
        *said_never(
            "params.seed params.stop params.n params.reasoning_effort resp_stream resp_tool_stream "
            "resp_parsed resp_helper resp_filter",
        ),
        *each("error_type", "chat_torn"),
        *each("finish_reason", "resp_plain resp_previous resp_picture resp_refusal resp_searched"),
        *each("params.max_tokens", "resp_plain chat_thought_stream"),
        *each("params.temperature", "resp_plain resp_previous resp_picture"),
        *each("params.top_p", "resp_tools resp_refusal resp_searched resp_late"),
        *each("prompt", "text_plain text_stream"),
        *each("response", "chat_left chat_torn resp_refusal"),
        *each("status", "chat_torn"),
        *each("ttft_ms", "text_stream"),
        *each("usage", "resp_plain chat_thought_stream chat_spoken"),
    ),
}
