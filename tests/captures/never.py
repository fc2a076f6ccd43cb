"""What real clients never tell, recording by recording: everything else of every call must be right.

`CASE.FIELD` is one field of one case, `FIELD` that field of every case, `CASE` a call that is not exported at all.
"""

from tests.captures.never_ways import NEVER_WAYS
from tests.captures.never_words import each, said_never

NEVER: dict[str, tuple[str, ...]] = NEVER_WAYS | {
    # It names the model that was asked for, the most tokens, and errors of its own.
    "adk": (
        *said_never(
            "response_model system params.temperature params.seed response_id params.stop "
            "params.frequency_penalty ttft_ms error_type",
        ),
    ),
    "adk-openinference": (*said_never("system response_id ttft_ms"),),
    # Parameters and tools stand on the agent's own span; errors are its own.
    "agent-framework": (
        *said_never(
            "params.temperature params.max_tokens params.seed user_id params.top_p params.stop "
            "params.frequency_penalty tools ttft_ms error_type",
        ),
    ),
    # It adds words of its own to what speaks for the system before tools of Claude; errors are its own.
    "agno-openinference": (
        *said_never("error_type"),
        *each(
            "response_model",
            "chat_plain chat_length chat_tools chat_stream chat_reasoning chat_filter resp_plain resp_length "
            "resp_tools resp_stream",
        ),
        *each(
            "finish_reason",
            "chat_plain chat_length chat_stream chat_reasoning chat_filter resp_plain resp_length resp_stream",
        ),
        *each(
            "response_id",
            "chat_plain chat_length chat_tools chat_stream chat_reasoning chat_filter resp_plain resp_length "
            "resp_tools resp_stream",
        ),
        *each("user_id", "chat_plain"),
        *each("ttft_ms", "chat_stream resp_stream"),
        *each("usage", "chat_reasoning resp_plain"),
        *each("system", "claude_tools"),
    ),
    "anthropic-genai": (),
    # The SDK itself tells no content, and the word of the API instead of the class of an error.
    "anthropic-native": (*said_never("prompt system response tools tool_calls error_type params.stop"),),
    "anthropic-openinference": (),
    "anthropic-openllmetry": (*said_never("params.stop"),),
    # It tells the model that it takes for the one that was asked for.
    "autogen-openinference": (*said_never("response_model"),),
    "azure-genai": (*said_never("user_id params.reasoning_effort"),),
    "azure-openinference": (),
    "azure-openllmetry": (
        *said_never("resp_length params.seed params.stop params.n"),
        *each("params.max_tokens", "chat_reasoning"),
        *each("prompt", "chat_picture"),
        *each("ttft_ms", "resp_stream resp_tool_stream"),
    ),
    "bedrock-botocore": (
        *said_never("tools"),
        *each("ttft_ms", "br_stream br_invoke_stream"),
        *each("response_model", "br_invoke br_invoke_length br_invoke_tools br_invoke_stream"),
        *each("response_id", "br_invoke br_invoke_length br_invoke_tools br_invoke_stream"),
    ),
    "bedrock-openinference": (
        *each("request_model", "br_invoke br_invoke_length br_invoke_tools br_invoke_stream"),
        *each("ttft_ms", "br_stream br_invoke_stream"),
    ),
    # It strips the region from the model's name, and tells nothing of a call that fails but that.
    "bedrock-openllmetry": (
        *said_never("request_model params.stop"),
        *each("ttft_ms", "br_stream br_invoke_stream"),
        *each("tools", "br_invoke_tools"),
        *each("prompt", "br_limited br_broken"),
        *each("system", "br_limited br_broken"),
        *each("params.max_tokens", "br_limited br_broken"),
    ),
    "cohere-openllmetry": (*said_never("params.max_tokens"),),
    # What is asked of an agent is a part of a longer prompt.
    "crewai-openinference": (*said_never("prompt system user_id params.stop"),),
    "dspy-openinference": (
        *said_never("error_type"),
        *each("response_model", "chat_plain chat_length"),
        *each("response_id", "chat_plain chat_length"),
    ),
    # The number of the answer instead of the class of the error.
    "gemini-genai": (*said_never("error_type"),),
    "gemini-openinference": (
        *each("request_model", "gem_plain gem_thought gem_length gem_tools gem_filter gem_stream"),
        *each("ttft_ms", "gem_stream"),
    ),
    "groq-openllmetry": (
        *said_never("user_id params.seed params.stop params.reasoning_effort"),
        *each("params.max_tokens", "chat_reasoning"),
        *each("response_model", "chat_stream"),
        *each("response_id", "chat_stream"),
        *each("usage", "chat_stream chat_reasoning"),
        *each("ttft_ms", "chat_stream"),
    ),
    # LangChain wraps the errors of OpenAI in its own, `OpenAIRateLimitError`.
    # What else it tells stands in the text of an object of Python.
    "haystack-openinference": (
        *said_never(
            "params.temperature params.max_tokens params.seed params.top_p params.stop user_id "
            "params.frequency_penalty params.reasoning_effort",
        ),
        *each(
            "request_model",
            "chat_plain chat_length chat_tools chat_stream chat_reasoning chat_filter chat_limited chat_broken",
        ),
        *each("response_id", "chat_plain chat_length chat_tools chat_stream chat_reasoning chat_filter"),
        *each("finish_reason", "chat_plain chat_length chat_stream chat_reasoning chat_filter"),
        *each("provider", "chat_limited chat_broken"),
        *each("tools", "chat_tools"),
        *each("ttft_ms", "chat_stream"),
        *each("usage", "chat_plain chat_stream chat_reasoning"),
    ),
    "langchain-openinference": (*said_never("error_type"),),
    "langchain-openllmetry": (
        *said_never("error_type user_id params.seed params.stop params.frequency_penalty"),
        *each("response_model", "chat_stream"),
        *each("response_id", "chat_stream"),
        *each("ttft_ms", "chat_stream"),
    ),
    "langfuse": (
        *said_never("request_model user_id params.stop"),
        *each(
            "finish_reason",
            "chat_plain chat_bare chat_length chat_reasoning chat_turns chat_picture chat_filter chat_choices",
        ),
        *each(
            "response_id",
            "chat_plain chat_bare chat_length chat_reasoning chat_tools chat_turns chat_picture chat_filter "
            "chat_stream chat_stream_silent resp_plain resp_length resp_tools chat_choices chat_parallel "
            "chat_tool_stream resp_thought",
        ),
    ),
    # What is told by hand: these have no place of their own there.
    "langfuse-3": (
        *said_never("response_model response_id tools"),
        *each("finish_reason", "chat_plain chat_length chat_reasoning chat_stream"),
    ),
    # Of several choices it tells the last.
    "langfuse-langchain": (
        *said_never("params.seed params.stop tools params.reasoning_effort params.n"),
        *each(
            "finish_reason",
            "chat_plain chat_length chat_stream chat_reasoning chat_filter resp_plain resp_length resp_stream "
            "chat_choices",
        ),
        *each(
            "response_id",
            "chat_plain chat_length chat_tools chat_stream chat_reasoning chat_filter resp_plain resp_length "
            "resp_tools resp_stream chat_choices chat_parallel",
        ),
        *each("response_model", "chat_stream resp_plain resp_length resp_tools resp_stream"),
        *each("params.max_tokens", "resp_plain resp_length"),
        *each("response", "chat_choices"),
    ),
    # What is told by hand: these have no place of their own there.
    "langfuse-observe": (
        *said_never("response_model response_id tools"),
        *each("finish_reason", "chat_plain chat_length chat_reasoning chat_stream"),
    ),
    # It calls endings of Responses errors, which is read as unknown.
    "langgraph-genai": (
        *said_never("user_id error_type params.reasoning_effort"),
        *each("response_id", "chat_stream"),
        *each("finish_reason", "resp_plain resp_length resp_stream"),
        *each("params.max_tokens", "resp_plain resp_length"),
        *each("tools", "resp_tools"),
    ),
    "langgraph-openinference": (
        *said_never("error_type"),
        *each("response_id", "chat_stream"),
        *each("ttft_ms", "chat_stream resp_stream"),
    ),
    # It adds up the tokens of every choice, where each has those of the call.
    "langgraph-openllmetry": (
        *said_never("params.seed params.stop params.frequency_penalty error_type params.reasoning_effort params.n"),
        *each("response_model", "chat_stream resp_plain resp_length resp_tools resp_stream"),
        *each("response_id", "chat_stream resp_plain resp_length resp_tools resp_stream"),
        *each("ttft_ms", "chat_stream resp_stream"),
        *each("usage", "chat_reasoning resp_plain chat_choices"),
        *each("finish_reason", "resp_plain resp_length resp_stream"),
        *each("params.max_tokens", "resp_plain resp_length"),
    ),
    "langsmith": (
        *said_never("params.seed params.top_p params.frequency_penalty error_type params.reasoning_effort params.n"),
        *each("response_id", "chat_stream"),
        *each("ttft_ms", "chat_stream resp_stream"),
        *each("params.max_tokens", "resp_plain resp_length"),
    ),
    # A temperature of nothing is none to it.
    "litellm": (
        *said_never("params.seed params.stop params.frequency_penalty params.reasoning_effort"),
        *each("params.max_tokens", "chat_reasoning"),
        *each("params.temperature", "chat_turns"),
        *each("response_model", "chat_stream"),
        *each("ttft_ms", "chat_stream"),
    ),
    # To LiteLLM the maker is a part of the name that was asked for.
    "litellm-openinference": (
        *said_never("ttft_ms"),
        *each(
            "response_model",
            "chat_plain chat_length chat_stream chat_reasoning chat_filter claude_cached claude_length "
            "claude_stream claude_plain",
        ),
        *each(
            "response_id",
            "chat_plain chat_length chat_stream chat_reasoning chat_filter claude_cached claude_length "
            "claude_tools claude_stream claude_plain",
        ),
        *each("request_model", "claude_cached claude_length claude_tools claude_stream claude_limited claude_plain"),
        *each("usage", "claude_stream"),
    ),
    # To LiteLLM the maker is a part of the name that was asked for; its ids are its own.
    "litellm-openllmetry": (
        *said_never("params.seed user_id params.stop params.frequency_penalty ttft_ms params.reasoning_effort"),
        *each("response_model", "chat_stream claude_stream"),
        *each("params.max_tokens", "chat_reasoning"),
        *each("usage", "chat_reasoning claude_cached claude_stream"),
        *each("request_model", "claude_cached claude_length claude_tools claude_stream claude_limited claude_plain"),
        *each("response_id", "claude_cached claude_length claude_tools claude_stream claude_plain"),
        *each("tools", "claude_tools"),
    ),
    # It names the model that was asked for alone, and of its parameters the most tokens.
    "llama-index-openinference": (
        *said_never(
            "response_model response_id user_id params.temperature params.top_p params.seed params.stop "
            "params.frequency_penalty params.reasoning_effort",
        ),
        *each("params.max_tokens", "chat_reasoning"),
    ),
    "logfire": (
        *said_never("user_id params.reasoning_effort ttft_ms"),
        *each("ttft_ms", "chat_stream chat_stream_silent resp_stream claude_stream"),
        *each("params.n", "chat_choices"),
    ),
    # Logfire blackens every attribute that is called a session.
    "logfire-pydantic-ai": (
        *said_never("session_id params.stop error_type params.reasoning_effort"),
        *each("prompt", "chat_limited chat_broken claude_limited"),
        *each("system", "chat_limited chat_broken claude_limited"),
    ),
    "mistral-openllmetry": (
        *said_never("user_id error_type params.frequency_penalty params.reasoning_effort"),
        *each("tools", "chat_tools"),
        *each("tool_calls", "chat_tools"),
        *each("ttft_ms", "chat_stream"),
        *each("params.max_tokens", "chat_reasoning"),
        *each("usage", "chat_reasoning"),
    ),
    "mlflow": (),
    # It writes down the object of a stream instead of what comes of it. User and session stay out of its spans.
    "mlflow-anthropic": (
        *said_never("ttft_ms"),
        *each("response_model", "claude_stream claude_tool_stream"),
        *each("response", "claude_stream claude_tool_stream"),
        *each("finish_reason", "claude_stream claude_tool_stream"),
        *each("response_id", "claude_stream claude_tool_stream"),
        *each("usage", "claude_stream claude_tool_stream"),
        *each("tool_calls", "claude_tool_stream"),
    ),
    "mlflow-langchain": (
        *said_never("response_model response_id user_id ttft_ms error_type"),
        *each("finish_reason", "chat_plain chat_length chat_stream"),
    ),
    # Its counts of cached and reasoning tokens are lost on the way to the names of OpenTelemetry.
    "mlflow-semconv": (
        *each(
            "usage",
            "chat_plain chat_reasoning chat_stream resp_plain chat_tool_stream resp_thought resp_tool_stream",
        ),
    ),
    # Of Chat Completions it tells the messages and two counts, of Responses the answer.
    "openai-agents-openinference": (
        *said_never("user_id params.seed params.stop params.reasoning_effort"),
        *each("response_model", "chat_plain chat_length chat_tools chat_stream chat_reasoning chat_filter"),
        *each("response_id", "chat_plain chat_length chat_tools chat_stream chat_reasoning chat_filter"),
        *each("finish_reason", "chat_plain chat_length chat_reasoning chat_filter"),
        *each("tools", "chat_tools"),
        *each("usage", "chat_plain chat_stream chat_reasoning"),
        *each("ttft_ms", "chat_stream resp_stream"),
        *each("request_model", "resp_plain resp_tools resp_stream"),
    ),
    "openai-contrib": (
        *said_never(
            "user_id params.reasoning_effort tools resp_plain resp_length resp_tools resp_stream resp_thought "
            "resp_tool_stream resp_limited resp_broken",
        ),
        *each("params.max_tokens", "chat_reasoning"),
        *each("usage", "chat_plain chat_reasoning chat_stream chat_tool_stream"),
        *each("ttft_ms", "chat_stream chat_stream_silent chat_tool_stream"),
    ),
    "openai-genai": (*said_never("user_id params.reasoning_effort"),),
    "openai-genai-default": (*said_never("prompt system response tools tool_calls user_id params.reasoning_effort"),),
    "openai-openinference": (),
    "openai-openllmetry": (
        *said_never("params.seed params.stop resp_length"),
        *each("params.max_tokens", "chat_reasoning"),
        *each("prompt", "chat_picture"),
        *each("ttft_ms", "resp_stream resp_tool_stream"),
        *each("params.n", "chat_choices"),
    ),
    # Records of a stream's answer carry neither trace nor span.
    "openai-openllmetry-events": (
        *said_never("params.seed params.stop resp_length"),
        *each("params.max_tokens", "chat_reasoning"),
        *each("ttft_ms", "resp_stream resp_tool_stream"),
        *each("tools", "chat_tools chat_parallel chat_tool_stream"),
        *each("response", "chat_stream chat_stream_silent chat_tool_stream"),
        *each("params.n", "chat_choices"),
        *each("tool_calls", "chat_tool_stream"),
    ),
    # It tells a conversation as one text, and of tool calls that there were some.
    "openlit": (
        *said_never("prompt system response_model tools tool_calls params.stop params.reasoning_effort"),
        *each("response", "chat_tools"),
        *each("finish_reason", "chat_tools"),
        *each("usage", "chat_plain chat_reasoning"),
        *each("params.max_tokens", "chat_reasoning"),
    ),
    # It raises errors of its own, of whose calls it tells no content, and says `stop` where Responses say `completed`.
    "pydantic-ai": (
        *said_never("user_id params.stop params.reasoning_effort error_type"),
        *each("prompt", "chat_limited chat_broken claude_limited"),
        *each("system", "chat_limited chat_broken claude_limited"),
    ),
    "semantic-kernel": (
        *said_never("response_model user_id params.stop tools ttft_ms error_type params.reasoning_effort"),
        *each("usage", "chat_plain chat_stream chat_reasoning"),
        *each("params.max_tokens", "chat_reasoning"),
    ),
    "smolagents-openinference": (
        *said_never("response_model response_id ttft_ms"),
        *each("finish_reason", "chat_plain chat_length chat_stream chat_reasoning chat_filter"),
        *each("usage", "chat_plain chat_stream chat_reasoning"),
        *each("provider", "chat_limited chat_broken"),
        *each("request_model", "chat_limited chat_broken"),
    ),
    # It tells neither parameters nor tools, and errors of its own.
    "strands": (*said_never("response_model params.temperature response_id tools error_type params.max_tokens"),),
    "strands-latest": (
        *said_never("response_model params.temperature response_id tools error_type params.max_tokens"),
    ),
    "traceloop-sdk": (
        *said_never("params.seed params.stop params.reasoning_effort resp_length resp_stream resp_tool_stream"),
        *each("params.max_tokens", "chat_reasoning resp_plain resp_thought"),
        *each("usage", "chat_reasoning resp_plain resp_thought"),
        *each("response", "chat_filter"),
        *each("prompt", "chat_picture"),
        *each("finish_reason", "resp_plain resp_thought"),
        *each("params.top_p", "resp_tools"),
        *each("params.temperature", "resp_plain resp_limited resp_broken"),
        *each("params.n", "chat_choices"),
    ),
    # It raises an error of its own for every answer, and counts parts of its tokens in streams alone.
    "vercel-ai-5": (
        *said_never("error_type params.reasoning_effort"),
        *each("usage", "chat_plain chat_reasoning resp_plain"),
    ),
    "vercel-ai-7": (
        *said_never("error_type params.reasoning_effort user_id params.seed"),
        *each("usage", "chat_reasoning resp_plain"),
    ),
}
