"""Which clients are recorded: the environment of each, its driver, what its own documentation has one set, and what it never tells.

The tests hold that everything is right that is not in NEVER.
"""

from typing import Any, NamedTuple

from tests.captures.bedrock import BEDROCK
from tests.captures.catalogue import (
    ADK,
    AGENT_FRAMEWORK,
    AGENTS,
    AGNO,
    ANTHROPIC_WAYS,
    CHAT,
    CLAUDE,
    CLAUDE_LATER,
    CREWAI,
    DSPY,
    INSTRUCTOR,
    LANGCHAIN,
    LANGCHAIN_AGENT,
    LANGFUSE_MORE,
    LANGGRAPH,
    LANGGRAPH_FEW,
    LATER,
    LITELLM,
    LITELLM_PROXY,
    LITELLM_SEEN,
    OF_ANTHROPIC,
    OF_OPENAI,
    OPENAI_2024,
    OPENAI_WAYS,
    OPENLIT,
    PYDANTIC_AI,
    PYDANTIC_AI_2025,
    STRANDS,
    VERCEL,
    names,
)
from tests.captures.cohere import COHERE
from tests.captures.gemini import GEMINI
from tests.captures.hard_cases import ANTHROPIC_HARD

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
    cases: tuple[str, ...] = names(OF_OPENAI)
    truth: dict[str, Any] = {}


WHO = {"user_id": "u-9", "session_id": "s-9"}
TOLD_BY_HAND = WHO | {"prompt_name": "keeper", "prompt_version": "3", "environment": "test"}
LANGGRAPH_DRIVER = "tests.captures.drive.with_langgraph"
GEMINI_KEY = {"GOOGLE_API_KEY": "no-key", "ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS": "true"}
CREWAI_SILENT = {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false", "CREWAI_TESTING": "true"}
AZURE = {"provider": "azure.ai.openai"}
AWS = {"AWS_ACCESS_KEY_ID": "no-key", "AWS_SECRET_ACCESS_KEY": "no-key", "AWS_DEFAULT_REGION": "us-east-1"}
NODE = {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
GEMINI_DRIVER, BEDROCK_DRIVER = "tests.captures.drive.with_gemini", "tests.captures.drive.with_bedrock"
INSTRUMENTED = "tests.captures.drive.instrumented"
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
    Client("azure-openinference", "openinference", (INSTRUMENTED, "openinference", "azure"), truth=AZURE),
    Client("azure-openllmetry", "openllmetry", (INSTRUMENTED, "openllmetry", "azure"), truth=AZURE),
    Client(
        "azure-genai",
        "genai",
        (INSTRUMENTED, "genai", "azure"),
        ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"},
        truth=AZURE,
    ),
    Client("anthropic-native", "genai", (INSTRUMENTED, "native", "anthropic"), cases=names(OF_ANTHROPIC)),
    Client(
        "anthropic-openllmetry", "openllmetry", (INSTRUMENTED, "openllmetry", "anthropic"), cases=names(OF_ANTHROPIC)
    ),
    Client(
        "anthropic-openinference",
        "openinference",
        (INSTRUMENTED, "openinference", "anthropic"),
        cases=names(OF_ANTHROPIC),
    ),
    Client(
        "anthropic-genai",
        "genai",
        (INSTRUMENTED, "genai", "anthropic"),
        ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"},
        names(OF_ANTHROPIC),
    ),
    Client("langchain-openllmetry", "openllmetry", (INSTRUMENTED, "openllmetry", "langchain"), cases=LANGCHAIN),
    Client("langchain-openinference", "openinference", (INSTRUMENTED, "openinference", "langchain"), cases=LANGCHAIN),
    Client("langfuse", "langfuse", ("tests.captures.drive.with_langfuse",)),
    Client("logfire", "logfire", ("tests.captures.drive.with_logfire",), cases=names((*OF_OPENAI, *OF_ANTHROPIC))),
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
        truth={"provider": "mistral_ai"},
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
    Client("langgraph-openinference", "langgraph", (LANGGRAPH_DRIVER, "openinference"), cases=LANGGRAPH, truth=WHO),
    Client("langgraph-openllmetry", "langgraph", (LANGGRAPH_DRIVER, "openllmetry"), cases=LANGGRAPH, truth=WHO),
    Client(
        "langgraph-genai",
        "langgraph",
        (LANGGRAPH_DRIVER, "genai"),
        ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"},
        LANGGRAPH,
        WHO,
    ),
    Client(
        "langsmith",
        "langgraph",
        (LANGGRAPH_DRIVER, "langsmith"),
        {"LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true", "LANGSMITH_TRACING": "true"},
        LANGGRAPH,
        WHO,
    ),
    Client("strands", "strands", ("tests.captures.drive.with_strands",), cases=STRANDS, truth=WHO),
    Client(
        "strands-latest",
        "strands",
        ("tests.captures.drive.with_strands",),
        {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"},
        STRANDS,
        WHO,
    ),
    Client("agno-openinference", "agno", ("tests.captures.drive.with_agno",), cases=AGNO, truth=WHO),
    Client(
        "semantic-kernel",
        "semantic-kernel",
        ("tests.captures.drive.with_semantic_kernel",),
        {"SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE": "true"},
        CHAT,
    ),
    Client(
        "litellm-openinference",
        "litellm-more",
        ("tests.captures.drive.with_litellm_seen", "openinference"),
        {"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        LITELLM_SEEN,
    ),
    Client(
        "litellm-openllmetry",
        "litellm-more",
        ("tests.captures.drive.with_litellm_seen", "openllmetry"),
        {"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        LITELLM_SEEN,
    ),
    Client(
        "langfuse-observe",
        "langfuse",
        ("tests.captures.drive.with_langfuse_more",),
        {"LANGFUSE_TRACING_ENVIRONMENT": "test", "LANGFUSE_RELEASE": "1.2.3"},
        LANGFUSE_MORE,
        TOLD_BY_HAND,
    ),
    Client(
        "langfuse-3",
        "langfuse-3",
        ("tests.captures.drive.with_langfuse_more",),
        {"LANGFUSE_TRACING_ENVIRONMENT": "test", "LANGFUSE_RELEASE": "1.2.3"},
        LANGFUSE_MORE,
        TOLD_BY_HAND,
    ),
    Client("adk", "adk", ("tests.captures.drive.with_adk", "native"), GEMINI_KEY | ON, ADK, WHO),
    Client("adk-openinference", "adk", ("tests.captures.drive.with_adk", "openinference"), GEMINI_KEY, ADK[:-1], WHO),
    Client("agent-framework", "agent-framework", ("tests.captures.drive.with_agent_framework",), {}, AGENT_FRAMEWORK),
    Client("autogen-openinference", "autogen", ("tests.captures.drive.with_autogen",), {}, LANGCHAIN),
    Client("smolagents-openinference", "smolagents", ("tests.captures.drive.with_smolagents",), {}, CHAT),
    Client(
        "crewai-openinference", "crewai", ("tests.captures.drive.with_crewai", "openinference"), CREWAI_SILENT, CREWAI
    ),
    Client(
        "langfuse-langchain",
        "langfuse-langchain",
        ("tests.captures.drive.with_langfuse_langchain",),
        {},
        LANGGRAPH,
        WHO,
    ),
    Client(
        "mlflow-anthropic",
        "mlflow-more",
        ("tests.captures.drive.with_mlflow_more", "anthropic"),
        {},
        names(OF_ANTHROPIC),
    ),
    Client("mlflow-langchain", "mlflow-more", ("tests.captures.drive.with_mlflow_more", "langchain"), {}, LANGCHAIN),
    Client(
        "logfire-pydantic-ai",
        "logfire-pydantic",
        ("tests.captures.drive.with_logfire_pydantic", "5"),
        {},
        PYDANTIC_AI,
        WHO,
    ),
    Client("vercel-ai-5", "vercel-5", ("vercel.mjs",), NODE, VERCEL),
    Client("vercel-ai-7", "vercel-7", ("vercel.mjs",), NODE, VERCEL),
)
MORE, NOT_NOW = {"CAPTURES_MORE": "1"}, {"CAPTURES_MORE": "1", "CAPTURES_ASYNC": "1"}
SPAN_ONLY = ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"}
EVENT_ONLY = ON | {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "EVENT_ONLY"}
CAPTURED = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}
CLIENTS += tuple(
    Client(f"{library}-{family}-ways", family, (INSTRUMENTED, family, library), MORE, cases)
    for library, cases in (("openai", OPENAI_WAYS), ("anthropic", ANTHROPIC_WAYS))
    for family in ("openllmetry", "openinference")
)
CLIENTS += tuple(
    Client(
        f"{library}-{family}-async",
        family,
        (INSTRUMENTED, family, library),
        NOT_NOW | environ,
        LATER if library == "openai" else CLAUDE_LATER,
    )
    for library, family, environ in (
        ("openai", "openllmetry", {}),
        ("openai", "openinference", {}),
        ("openai", "genai", EVENT_ONLY),
        ("openai", "contrib", CAPTURED),
        ("anthropic", "openllmetry", {}),
        ("anthropic", "openinference", {}),
        ("anthropic", "genai", SPAN_ONLY),
    )
)
MLFLOW_MORE = "tests.captures.drive.with_mlflow_more"
CLIENTS += (
    Client("langfuse-async", "langfuse", ("tests.captures.drive.with_langfuse",), NOT_NOW, LATER),
    Client("logfire-async", "logfire", ("tests.captures.drive.with_logfire",), NOT_NOW, (*LATER, *CLAUDE_LATER)),
    Client("mlflow-async", "mlflow-more", ("tests.captures.drive.with_mlflow",), NOT_NOW, LATER),
    Client("mlflow-anthropic-async", "mlflow-more", (MLFLOW_MORE, "anthropic"), NOT_NOW, CLAUDE_LATER),
)
# Versions of the middle of 2025, and what people put around the clients of others.
CLIENTS += (
    *(
        Client(
            f"{library}-{family}-2025",
            f"{family}-2025",
            (INSTRUMENTED, family, library),
            CAPTURED if family == "contrib" else {},
            names(OF_OPENAI if library == "openai" else OF_ANTHROPIC),
        )
        for library, family in (
            ("openai", "openllmetry"),
            ("openai", "openinference"),
            ("openai", "contrib"),
            ("anthropic", "openllmetry"),
            ("anthropic", "openinference"),
        )
    ),
    Client(
        "logfire-2025",
        "logfire-2025",
        ("tests.captures.drive.with_logfire",),
        cases=names((*OF_OPENAI, *OF_ANTHROPIC)),
    ),
    Client("mlflow-2025", "mlflow-2025", ("tests.captures.drive.with_mlflow",)),
    Client("mlflow-anthropic-2025", "mlflow-2025", (MLFLOW_MORE, "anthropic"), MORE, (*CLAUDE, *names(ANTHROPIC_HARD))),
    Client("langfuse-2025", "langchain-2025", ("tests.captures.drive.with_langfuse",)),
    *(
        Client(f"langgraph-{family}-2025", "langchain-2025", (LANGGRAPH_DRIVER, family), {}, LANGGRAPH_FEW, WHO)
        for family in ("openinference", "openllmetry", "mlflow")
    ),
    Client("langgraph-mlflow", "langchain", (LANGGRAPH_DRIVER, "mlflow"), {}, LANGGRAPH_FEW, WHO),
    Client(
        "langfuse-langchain-2025",
        "langchain-2025",
        ("tests.captures.drive.with_langfuse_langchain",),
        {},
        LANGGRAPH,
        WHO,
    ),
    Client(
        "pydantic-ai-2025",
        "pydantic-ai-2025",
        ("tests.captures.drive.with_pydantic_ai_2025",),
        {},
        PYDANTIC_AI_2025,
    ),
    *(
        Client(f"{library}-{family}-2024", "openai-2024", (INSTRUMENTED, family, library), MORE, cases)
        for library, cases in (("openai", OPENAI_2024), ("anthropic", CLAUDE))
        for family in ("openllmetry", "openinference")
    ),
    Client("traceloop-sdk-async", "traceloop", ("tests.captures.drive.with_traceloop",), NOT_NOW, LATER),
    Client("instructor", "instructor", ("tests.captures.drive.with_instructor",), {}, INSTRUCTOR),
    Client(
        "litellm-proxy",
        "litellm-proxy",
        ("tests.captures.drive.with_litellm_proxy",),
        {"OTEL_EXPORTER": "otlp_http", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        LITELLM_PROXY,
    ),
    Client("mlflow-bedrock", "mlflow-bedrock", (BEDROCK_DRIVER, "mlflow"), AWS, names(BEDROCK)),
    Client("mlflow-gemini", "mlflow-gemini", (GEMINI_DRIVER, "mlflow"), cases=names(GEMINI)),
    *(
        Client(
            f"langchain-agent-{family}",
            "langchain",
            ("tests.captures.drive.with_langchain_agent", family),
            {},
            LANGCHAIN_AGENT,
            WHO,
        )
        for family in ("openinference", "openllmetry", "mlflow", "langfuse")
    ),
)
BY_NAME = {client.name: client for client in CLIENTS}
