"""Which clients are recorded: the environment of each, its driver, what its own documentation has one set, and what it never tells.

The tests hold that everything is right that is not in NEVER. There, `CASE.FIELD` is one field of one case, `FIELD` that
field of every case, `CASE` a call that is not exported at all.
"""

from typing import NamedTuple

ON = {
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
}


class Client(NamedTuple):
    """One recording. `environment` names one of ENVIRONMENTS."""

    name: str
    environment: str
    driver: tuple[str, ...]
    environ: dict[str, str] = {}


INSTRUMENTED = "tests.captures.drive.instrumented"
# What is installed into each environment: instrumentations pin what they instrument, so that one could not hold them all.
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "contrib": (
        "httpx==0.28.1",
        "openai==3.57.0",
        "opentelemetry-exporter-otlp-proto-http==1.45.2",
        "opentelemetry-instrumentation-openai-v2==2.4b0",
        "opentelemetry-sdk==1.45.2",
        "opentelemetry-util-genai==0.4b0",
    ),
    "genai": (
        "anthropic==2.14.0",
        "openai==3.57.0",
        "opentelemetry-exporter-otlp-proto-http==1.45.2",
        "opentelemetry-instrumentation-genai-anthropic==1.3b0",
        "opentelemetry-instrumentation-genai-openai==1.3b0",
        "opentelemetry-sdk==1.45.2",
    ),
    "langfuse": (
        "langfuse==5.0.4",
        "openai==3.57.0",
    ),
    "logfire": (
        "anthropic==2.14.0",
        "logfire==5.4.0",
        "openai==3.57.0",
    ),
    "mlflow": (
        "mlflow-skinny==3.17.2",
        "numpy==2.4.6",
        "openai==3.57.0",
        "opentelemetry-exporter-otlp-proto-http==1.45.2",
        "pandas==3.1.1",
    ),
    "openinference": (
        "anthropic==2.14.0",
        "langchain-openai==1.7.4",
        "openai==3.57.0",
        "openinference-instrumentation-anthropic==3.1.0",
        "openinference-instrumentation-langchain==0.1.80",
        "openinference-instrumentation-openai==0.1.66",
        "opentelemetry-exporter-otlp-proto-http==1.45.2",
        "opentelemetry-sdk==1.45.2",
    ),
    "openllmetry": (
        "anthropic==2.14.0",
        "langchain-openai==1.7.4",
        "openai==3.57.0",
        "opentelemetry-exporter-otlp-proto-http==1.45.2",
        "opentelemetry-instrumentation-anthropic==0.62.4",
        "opentelemetry-instrumentation-langchain==0.62.4",
        "opentelemetry-instrumentation-openai==0.62.4",
        "opentelemetry-sdk==1.45.2",
    ),
    "traceloop": ("openai==3.57.0", "traceloop-sdk==0.45.6"),
}
CLIENTS = (
    Client("openai-openllmetry", "openllmetry", (INSTRUMENTED, "openllmetry", "openai")),
    Client(
        "openai-openllmetry-events", "openllmetry", (INSTRUMENTED, "openllmetry", "openai"), {"CAPTURES_EVENTS": "1"}
    ),
    Client("openai-openinference", "openinference", (INSTRUMENTED, "openinference", "openai")),
    Client(
        "openai-genai",
        "genai",
        (INSTRUMENTED, "genai", "openai"),
        ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_AND_EVENT"},
    ),
    Client("openai-genai-default", "genai", (INSTRUMENTED, "genai", "openai")),
    Client(
        "openai-contrib",
        "contrib",
        (INSTRUMENTED, "contrib", "openai"),
        {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"},
    ),
    Client("anthropic-native", "genai", (INSTRUMENTED, "native", "anthropic")),
    Client("anthropic-openllmetry", "openllmetry", (INSTRUMENTED, "openllmetry", "anthropic")),
    Client("anthropic-openinference", "openinference", (INSTRUMENTED, "openinference", "anthropic")),
    Client(
        "anthropic-genai",
        "genai",
        (INSTRUMENTED, "genai", "anthropic"),
        ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"},
    ),
    Client("langchain-openllmetry", "openllmetry", (INSTRUMENTED, "openllmetry", "langchain")),
    Client("langchain-openinference", "openinference", (INSTRUMENTED, "openinference", "langchain")),
    Client("langfuse", "langfuse", ("tests.captures.drive.with_langfuse",)),
    Client("logfire", "logfire", ("tests.captures.drive.with_logfire",)),
    Client("traceloop-sdk", "traceloop", ("tests.captures.drive.with_traceloop",)),
    Client("mlflow", "mlflow", ("tests.captures.drive.with_mlflow",)),
    Client(
        "mlflow-semconv", "mlflow", ("tests.captures.drive.with_mlflow",), {"MLFLOW_ENABLE_OTEL_GENAI_SEMCONV": "true"}
    ),
)

CONTENT = ("prompt", "system", "response", "tools", "tool_calls")
STREAMS = ("chat_stream.ttft_ms", "chat_stream_silent.ttft_ms", "resp_stream.ttft_ms", "claude_stream.ttft_ms")

NEVER: dict[str, tuple[str, ...]] = {
    "anthropic-genai": (),
    # The SDK itself tells no content, and the word of the API instead of the class of an error.
    "anthropic-native": (*CONTENT, "error_type", "params.stop"),
    "anthropic-openinference": (),
    "anthropic-openllmetry": ("params.stop",),
    # LangChain wraps the errors of OpenAI in its own, `OpenAIRateLimitError`.
    "langchain-openinference": ("error_type",),
    "langchain-openllmetry": (
        *("error_type", "user_id", "params.seed", "params.stop", "params.frequency_penalty"),
        *("chat_stream.response_model", "chat_stream.response_id", "chat_stream.ttft_ms"),
    ),
    "langfuse": (
        *("request_model", "user_id", "params.stop"),
        *(
            f"{case}.finish_reason"
            for case in ("chat_plain", "chat_bare", "chat_length", "chat_reasoning", "chat_tools")
        ),
        *(f"{case}.finish_reason" for case in ("chat_turns", "chat_picture", "chat_filter")),
        *(f"{case}.response_id" for case in ("chat_plain", "chat_bare", "chat_length", "chat_reasoning", "chat_tools")),
        *(f"{case}.response_id" for case in ("chat_turns", "chat_picture", "chat_filter", "chat_stream")),
        *(f"{case}.response_id" for case in ("chat_stream_silent", "resp_plain", "resp_length", "resp_tools")),
    ),
    "logfire": ("user_id", "params.reasoning_effort", *STREAMS),
    "mlflow": (),
    # Its counts of cached and reasoning tokens are lost on the way to the names of OpenTelemetry.
    "mlflow-semconv": tuple(f"{case}.usage" for case in ("chat_plain", "chat_reasoning", "chat_stream", "resp_plain")),
    "openai-contrib": (
        *("user_id", "params.reasoning_effort", "chat_reasoning.params.max_tokens", "tools"),
        *("chat_plain.usage", "chat_reasoning.usage", "chat_stream.usage"),
        *("chat_stream.ttft_ms", "chat_stream_silent.ttft_ms"),
        *("resp_plain", "resp_length", "resp_tools", "resp_stream"),
    ),
    "openai-genai": ("user_id", "params.reasoning_effort"),
    "openai-genai-default": (*CONTENT, "user_id", "params.reasoning_effort"),
    "openai-openinference": (),
    "openai-openllmetry": (
        *(
            "params.seed",
            "params.stop",
            "chat_reasoning.params.max_tokens",
            "chat_picture.prompt",
            "resp_stream.ttft_ms",
        ),
        # Spans of Responses end where the answer is complete: one that was cut off is never exported.
        "resp_length",
    ),
    # Records of a stream's answer carry neither trace nor span.
    "openai-openllmetry-events": (
        *("params.seed", "params.stop", "chat_reasoning.params.max_tokens", "resp_stream.ttft_ms"),
        *("chat_tools.tools", "chat_stream.response", "chat_stream_silent.response", "resp_length"),
    ),
    "traceloop-sdk": (
        *("params.seed", "params.stop", "params.reasoning_effort", "chat_reasoning.params.max_tokens"),
        # It knows no reasoning tokens; it writes FILTERED for an answer that was filtered; of a picture it tells nothing.
        *("chat_reasoning.usage", "resp_plain.usage", "chat_filter.response", "chat_picture.prompt"),
        *("resp_plain.finish_reason", "resp_tools.finish_reason", "resp_tools.params.top_p"),
        *("resp_plain.params.max_tokens", "resp_plain.params.temperature", "resp_length", "resp_stream"),
    ),
}
