"""Which clients are recorded: the environment of each, its driver, what its own documentation has one set, and what it never tells.

The tests hold that everything is right that is not in NEVER. There, `CASE.FIELD` is one field of one case, `FIELD` that
field of every case, `CASE` a call that is not exported at all.
"""

from typing import Any, NamedTuple

from tests.captures.bedrock import BEDROCK
from tests.captures.cases import ANTHROPIC, OPENAI
from tests.captures.catalogue import AGENTS, CHAT, DSPY, LANGCHAIN, LITELLM, OPENLIT, PYDANTIC_AI, VERCEL, names
from tests.captures.cohere import COHERE
from tests.captures.gemini import GEMINI

ON = {
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
}


class Client(NamedTuple):
    """One recording. `environment` names one of ENVIRONMENTS; `truth` is what is true of its calls in place of what the cases say."""

    name: str
    environment: str
    driver: tuple[str, ...]
    environ: dict[str, str] = {}
    cases: tuple[str, ...] = names(OPENAI)
    truth: dict[str, Any] = {}


OTEL = ("opentelemetry-exporter-otlp-proto-http==1.45.2", "opentelemetry-sdk==1.45.2")
NODE_OTEL = ("@opentelemetry/sdk-node@0.223.0", "@opentelemetry/exporter-trace-otlp-proto@0.223.1")
AWS = {"AWS_ACCESS_KEY_ID": "no-key", "AWS_SECRET_ACCESS_KEY": "no-key", "AWS_DEFAULT_REGION": "us-east-1"}
NODE = {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
GEMINI_DRIVER, BEDROCK_DRIVER = "tests.captures.drive.with_gemini", "tests.captures.drive.with_bedrock"
INSTRUMENTED = "tests.captures.drive.instrumented"
# What is installed into each environment: instrumentations pin what they instrument, so that one could not hold them all.
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "agents": (
        "openai==3.57.0",
        "openai-agents==0.24.0",
        "openinference-instrumentation-openai-agents==2.6.0",
        *OTEL,
    ),
    "bedrock": (
        "boto3==1.44.8",
        "openinference-instrumentation-bedrock==0.1.61",
        "opentelemetry-instrumentation-bedrock==0.62.4",
        "opentelemetry-instrumentation-botocore==0.66b2",
        *OTEL,
    ),
    # What instruments it knows no newer one.
    "cohere": ("cohere==5.21.1", "opentelemetry-instrumentation-cohere==0.62.4", *OTEL),
    "contrib": (
        "httpx==0.28.1",
        "openai==3.57.0",
        *OTEL,
        "opentelemetry-instrumentation-openai-v2==2.4b0",
        "opentelemetry-util-genai==0.4b0",
    ),
    "dspy": (
        "dspy==3.4.1",
        "litellm==1.110.2",
        "openai==3.57.0",
        "openinference-instrumentation-dspy==0.1.48",
        "openinference-instrumentation-litellm==0.1.51",
        *OTEL,
    ),
    "genai": (
        "anthropic==2.14.0",
        "openai==3.57.0",
        *OTEL,
        "opentelemetry-instrumentation-genai-anthropic==1.3b0",
        "opentelemetry-instrumentation-genai-openai==1.3b0",
    ),
    "google": ("google-genai==3.6.1", "openinference-instrumentation-google-genai==1.4.14", *OTEL),
    # What instruments it knows no newer one.
    "google-2": ("google-genai==2.34.0", "opentelemetry-instrumentation-google-genai==1.3b0", *OTEL),
    "groq": ("groq==1.7.0", "opentelemetry-instrumentation-groq==0.62.4", *OTEL),
    "haystack": ("haystack-ai==3.4.1", "openai==3.57.0", "openinference-instrumentation-haystack==0.1.46", *OTEL),
    "langfuse": (
        "langfuse==5.0.4",
        "openai==3.57.0",
    ),
    "litellm": ("litellm==1.110.2", "openai==3.57.0", *OTEL),
    "llama-index": (
        "llama-index-core==0.14.25",
        "llama-index-embeddings-openai==0.7.0",
        "llama-index-llms-openai==0.8.3",
        "openai==2.54.0",
        "openinference-instrumentation-llama-index==4.6.1",
        *OTEL,
    ),
    "logfire": (
        "anthropic==2.14.0",
        "logfire==5.4.0",
        "openai==3.57.0",
    ),
    # What instruments it knows no newer one.
    "mistral": ("mistralai==1.12.4", "opentelemetry-instrumentation-mistralai==0.62.4", *OTEL),
    "mlflow": (
        "mlflow-skinny==3.17.2",
        "numpy==2.4.6",
        "openai==3.57.0",
        *OTEL,
        "pandas==3.1.1",
    ),
    "openinference": (
        "anthropic==2.14.0",
        "langchain-openai==1.7.4",
        "openai==3.57.0",
        "openinference-instrumentation-anthropic==3.1.0",
        "openinference-instrumentation-langchain==0.1.80",
        "openinference-instrumentation-openai==0.1.66",
        *OTEL,
    ),
    "openllmetry": (
        "anthropic==2.14.0",
        "langchain-openai==1.7.4",
        "openai==3.57.0",
        *OTEL,
        "opentelemetry-instrumentation-anthropic==0.62.4",
        "opentelemetry-instrumentation-langchain==0.62.4",
        "opentelemetry-instrumentation-openai==0.62.4",
    ),
    "openlit": ("openai==3.57.0", "openlit==1.26.0", *OTEL),
    "pydantic-ai": ("anthropic==2.14.0", "openai==3.57.0", "pydantic-ai-slim==2.68.0", *OTEL),
    "vercel-5": ("ai@5.0.277", "@ai-sdk/openai@2.0.131", "zod@3.25.76", *NODE_OTEL),
    "vercel-7": ("ai@7.0.173", "@ai-sdk/openai@3.0.141", "@ai-sdk/otel@1.0.173", "zod@4.6.7", *NODE_OTEL),
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
    Client("anthropic-native", "genai", (INSTRUMENTED, "native", "anthropic"), cases=names(ANTHROPIC)),
    Client("anthropic-openllmetry", "openllmetry", (INSTRUMENTED, "openllmetry", "anthropic"), cases=names(ANTHROPIC)),
    Client(
        "anthropic-openinference", "openinference", (INSTRUMENTED, "openinference", "anthropic"), cases=names(ANTHROPIC)
    ),
    Client(
        "anthropic-genai",
        "genai",
        (INSTRUMENTED, "genai", "anthropic"),
        ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"},
        names(ANTHROPIC),
    ),
    Client("langchain-openllmetry", "openllmetry", (INSTRUMENTED, "openllmetry", "langchain"), cases=LANGCHAIN),
    Client("langchain-openinference", "openinference", (INSTRUMENTED, "openinference", "langchain"), cases=LANGCHAIN),
    Client("langfuse", "langfuse", ("tests.captures.drive.with_langfuse",)),
    Client("logfire", "logfire", ("tests.captures.drive.with_logfire",), cases=names((*OPENAI, *ANTHROPIC))),
    Client("traceloop-sdk", "traceloop", ("tests.captures.drive.with_traceloop",)),
    Client("mlflow", "mlflow", ("tests.captures.drive.with_mlflow",)),
    Client(
        "mlflow-semconv", "mlflow", ("tests.captures.drive.with_mlflow",), {"MLFLOW_ENABLE_OTEL_GENAI_SEMCONV": "true"}
    ),
    Client("pydantic-ai", "pydantic-ai", ("tests.captures.drive.with_pydantic_ai",), cases=PYDANTIC_AI),
    Client("openai-agents-openinference", "agents", ("tests.captures.drive.with_openai_agents",), cases=AGENTS),
    Client("llama-index-openinference", "llama-index", ("tests.captures.drive.with_llama_index",), cases=CHAT),
    Client(
        "litellm",
        "litellm",
        ("tests.captures.drive.with_litellm",),
        {"OTEL_EXPORTER": "otlp_http", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        LITELLM,
    ),
    Client(
        "gemini-genai",
        "google-2",
        (GEMINI_DRIVER, "genai"),
        ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_AND_EVENT"},
        names(GEMINI),
    ),
    Client("gemini-openinference", "google", (GEMINI_DRIVER, "openinference"), cases=names(GEMINI)),
    Client("bedrock-botocore", "bedrock", (BEDROCK_DRIVER, "botocore"), ON | AWS, names(BEDROCK)),
    Client("bedrock-openinference", "bedrock", (BEDROCK_DRIVER, "openinference"), AWS, names(BEDROCK)),
    Client("bedrock-openllmetry", "bedrock", (BEDROCK_DRIVER, "openllmetry"), AWS, names(BEDROCK)),
    Client(
        "groq-openllmetry", "groq", ("tests.captures.drive.with_vendor", "groq"), {}, CHAT, truth={"provider": "groq"}
    ),
    Client(
        "mistral-openllmetry",
        "mistral",
        ("tests.captures.drive.with_vendor", "mistral"),
        {},
        CHAT,
        truth={"provider": "mistral"},
    ),
    Client(
        "dspy-openinference",
        "dspy",
        ("tests.captures.drive.with_dspy",),
        {"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        DSPY,
        truth={"request_model": "openai/gpt-4o"},
    ),
    Client(
        "haystack-openinference",
        "haystack",
        ("tests.captures.drive.with_haystack",),
        {"HAYSTACK_TELEMETRY_ENABLED": "False"},
        CHAT,
    ),
    Client("cohere-openllmetry", "cohere", ("tests.captures.drive.with_vendor", "cohere"), cases=names(COHERE)),
    Client("openlit", "openlit", ("tests.captures.drive.with_openlit",), cases=OPENLIT),
    Client("vercel-ai-5", "vercel-5", ("vercel.mjs",), NODE, VERCEL),
    Client("vercel-ai-7", "vercel-7", ("vercel.mjs",), NODE, VERCEL),
)
BY_NAME = {client.name: client for client in CLIENTS}

CONTENT = ("prompt", "system", "response", "tools", "tool_calls")
INVOKED = ("br_invoke", "br_invoke_length", "br_invoke_tools", "br_invoke_stream")
FAILING = ("chat_limited", "chat_broken", "claude_limited")
STREAMS = ("chat_stream.ttft_ms", "chat_stream_silent.ttft_ms", "resp_stream.ttft_ms", "claude_stream.ttft_ms")

NEVER: dict[str, tuple[str, ...]] = {
    "anthropic-genai": (),
    # The SDK itself tells no content, and the word of the API instead of the class of an error.
    "anthropic-native": (*CONTENT, "error_type", "params.stop"),
    "anthropic-openinference": (),
    "anthropic-openllmetry": ("params.stop",),
    "bedrock-botocore": (
        *("tools", "br_stream.ttft_ms", "br_invoke_stream.ttft_ms"),
        *(f"{case}.{field}" for case in INVOKED for field in ("response_model", "response_id")),
    ),
    "bedrock-openinference": (
        *(f"{case}.request_model" for case in INVOKED),
        *("br_stream.ttft_ms", "br_invoke_stream.ttft_ms"),
    ),
    # It strips the region from the model's name, and tells nothing of a call that fails but that.
    "bedrock-openllmetry": (
        *("request_model", "params.stop", "br_stream.ttft_ms", "br_invoke_stream.ttft_ms", "br_invoke_tools.tools"),
        *(f"{case}.{field}" for case in ("br_limited", "br_broken") for field in ("prompt", "system")),
        *("br_limited.params.max_tokens", "br_broken.params.max_tokens"),
    ),
    "cohere-openllmetry": ("params.max_tokens", "co_tools.response"),
    "dspy-openinference": (
        "error_type",
        *(f"{case}.{field}" for case in ("chat_plain", "chat_length") for field in ("response_model", "response_id")),
    ),
    # The number of the answer instead of the class of the error.
    "gemini-genai": ("error_type",),
    "gemini-openinference": (*(f"{case}.request_model" for case in names(GEMINI)[:6]), "gem_stream.ttft_ms"),
    "groq-openllmetry": (
        *("user_id", "params.seed", "params.stop", "params.reasoning_effort", "chat_reasoning.params.max_tokens"),
        *("chat_stream.response_model", "chat_stream.response_id", "chat_stream.usage", "chat_stream.ttft_ms"),
        "chat_reasoning.usage",
    ),
    # LangChain wraps the errors of OpenAI in its own, `OpenAIRateLimitError`.
    # What else it tells stands in the text of an object of Python.
    "haystack-openinference": (
        *(
            f"{case}.{field}"
            for case in CHAT
            if case not in FAILING
            for field in ("request_model", "response_id", "finish_reason")
        ),
        *(f"{case}.{field}" for case in ("chat_limited", "chat_broken") for field in ("provider", "request_model")),
        *("params.temperature", "params.max_tokens", "params.seed", "params.top_p", "params.stop", "user_id"),
        *("params.frequency_penalty", "params.reasoning_effort", "chat_tools.tools", "chat_stream.ttft_ms"),
        *("chat_plain.usage", "chat_stream.usage", "chat_reasoning.usage"),
    ),
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
    # A temperature of nothing is none to it.
    "litellm": (
        *("params.seed", "params.stop", "params.frequency_penalty", "params.reasoning_effort"),
        *("chat_reasoning.params.max_tokens", "chat_turns.params.temperature"),
        *("chat_stream.response_model", "chat_stream.ttft_ms"),
    ),
    # It names the model that was asked for alone, and of its parameters the most tokens.
    "llama-index-openinference": (
        *("response_model", "response_id", "user_id", "params.temperature", "params.top_p", "params.seed"),
        *("params.stop", "params.frequency_penalty", "params.reasoning_effort", "chat_reasoning.params.max_tokens"),
    ),
    "logfire": ("user_id", "params.reasoning_effort", *STREAMS),
    "mistral-openllmetry": (
        *("user_id", "error_type", "chat_tools.tools", "chat_tools.tool_calls", "params.frequency_penalty"),
        *("chat_stream.ttft_ms", "chat_reasoning.params.max_tokens", "params.reasoning_effort", "chat_reasoning.usage"),
    ),
    "mlflow": (),
    # Its counts of cached and reasoning tokens are lost on the way to the names of OpenTelemetry.
    "mlflow-semconv": tuple(f"{case}.usage" for case in ("chat_plain", "chat_reasoning", "chat_stream", "resp_plain")),
    # Of Chat Completions it tells the messages and two counts, of Responses the answer.
    "openai-agents-openinference": (
        *(
            f"{case}.{field}"
            for case in CHAT
            if case not in FAILING
            for field in ("response_model", "response_id", "finish_reason")
        ),
        *("user_id", "params.seed", "params.stop", "params.reasoning_effort", "chat_tools.tools"),
        *("chat_plain.usage", "chat_stream.usage", "chat_reasoning.usage", "chat_stream.ttft_ms"),
        *("resp_plain.request_model", "resp_tools.request_model", "resp_stream.request_model", "resp_stream.ttft_ms"),
    ),
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
    # It raises errors of its own, of whose calls it tells no content, and says `stop` where Responses say `completed`.
    "pydantic-ai": (
        *("user_id", "params.stop", "params.reasoning_effort", "error_type"),
        *(f"{case}.{field}" for case in FAILING for field in ("prompt", "system")),
    ),
    "traceloop-sdk": (
        *("params.seed", "params.stop", "params.reasoning_effort", "chat_reasoning.params.max_tokens"),
        # It knows no reasoning tokens; it writes FILTERED for an answer that was filtered; of a picture it tells nothing.
        *("chat_reasoning.usage", "resp_plain.usage", "chat_filter.response", "chat_picture.prompt"),
        *("resp_plain.finish_reason", "resp_tools.finish_reason", "resp_tools.params.top_p"),
        *("resp_plain.params.max_tokens", "resp_plain.params.temperature", "resp_length", "resp_stream"),
    ),
    # It tells a conversation as one text, and of tool calls that there were some.
    "openlit": (
        *("prompt", "system", "response_model", "tools", "tool_calls", "params.stop", "params.reasoning_effort"),
        *("chat_tools.response", "chat_tools.finish_reason", "chat_plain.usage", "chat_reasoning.usage"),
        "chat_reasoning.params.max_tokens",
    ),
    # It raises an error of its own for every answer, and counts parts of its tokens in streams alone.
    "vercel-ai-5": (
        *("error_type", "params.reasoning_effort"),
        *("chat_plain.usage", "chat_reasoning.usage", "resp_plain.usage"),
    ),
    "vercel-ai-7": (
        *("error_type", "params.reasoning_effort", "user_id", "params.seed"),
        *("chat_reasoning.usage", "resp_plain.usage"),
    ),
}
