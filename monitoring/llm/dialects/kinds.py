"""Which dialect a span speaks, and what kind of step it is: tables, and the two questions asked of them.

Only `llm` is a call of a language model. Chains, agents, retrievers, tools and embeddings are steps around calls: some
of them carry tokens, models and messages too, of the calls below them.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from monitoring.llm.dialects.aliases import ALIASES
from monitoring.llm.dialects.seen import Seen
from monitoring.llm.dialects.values import text

# What OpenLLMetry instruments under OpenTelemetry's own name.
OPENLLMETRY = (
    *("openai", "anthropic", "langchain", "llamaindex", "cohere", "bedrock", "google_generativeai", "vertexai"),
    *("mistralai", "ollama", "groq", "together", "replicate", "watsonx", "sagemaker", "haystack", "crewai", "agno"),
)
# (dialect, beginning of the instrumentation scope, beginning of an attribute's name): scopes before names, the first that holds.
DIALECTS: tuple[tuple[str, str, str], ...] = (
    ("anthropic", "com.anthropic.sdk", "anthropic.message."),
    ("langfuse", "langfuse", "langfuse.observation."),
    ("openinference", "openinference", "openinference.span.kind"),
    ("mlflow", "mlflow", "mlflow."),
    ("logfire", "logfire", "logfire."),
    ("litellm", "litellm", "litellm."),
    ("langsmith", "langsmith", "langsmith."),
    ("vercel", "", "ai.operationId"),
    ("openlit", "openlit", ""),
    ("genai", "opentelemetry.instrumentation.genai", ""),
    ("genai", "opentelemetry.instrumentation.openai_v2", ""),
    ("genai", "pydantic-ai", ""),
    *(("openllmetry", f"opentelemetry.instrumentation.{library}", "") for library in OPENLLMETRY),
    ("openllmetry", "", "traceloop."),
    ("openllmetry", "", "llm.request.type"),
    ("openllmetry", "", "gen_ai.prompt."),
    ("openllmetry", "", "gen_ai.completion."),
    ("openllmetry", "", "gen_ai.usage.prompt_tokens"),
    ("genai", "", ""),
)
BY_NAME = tuple((dialect, re.compile(re.escape(name)).match) for dialect, _, name in DIALECTS if name)
# Whose sighting is believed first. A field that a reader inferred, and a message that came in a record of its own, come last.
TRUST = (
    "anthropic",
    "genai",
    "openinference",
    "openllmetry",
    "mlflow",
    "logfire",
    "vercel",
    "litellm",
    "langsmith",
    "openlit",
    "langfuse",
    "inferred",
    "said",
)
# Steps that ask a model for no words.
UNSPOKEN = ("image_generation", "image_edit", "moderation", "transcription", "speech")
STEPS = {
    "task": "chain",
    "workflow": "chain",
    "generation": "llm",
    "completion": "llm",
    "chat": "llm",
    "chat_model": "llm",
}
STEPS |= {"reranker": "retriever", "rerank": "retriever", "guardrail": "chain", "evaluator": "chain", "prompt": "chain"}
STEPS |= {"parser": "chain", "llm": "llm", "embedding": "embedding", "embeddings": "embedding", "event": "span"}
STEPS |= {"text_completion": "llm", "generate_content": "llm", "response": "llm", "responses": "llm", "message": "llm"}
STEPS |= {"execute_tool": "tool", "execute_task": "chain", "invoke_workflow": "chain", "retrieval": "retriever"}
STEPS |= {"invoke_agent": "agent", "create_agent": "agent", "memory": "retriever"}
# The AI SDK of Vercel: what asks a model, and what stands around it.
STEPS |= dict.fromkeys(("ai.generatetext.dogenerate", "ai.streamtext.dostream", "ai.generateobject.dogenerate"), "llm")
STEPS |= {"ai.streamobject.dostream": "llm", "ai.toolcall": "tool", "ai.rerank.dorerank": "retriever"}
STEPS |= dict.fromkeys(("ai.embed.doembed", "ai.embedmany.doembed"), "embedding")
STEPS |= dict.fromkeys(("ai.generatetext", "ai.streamtext", "ai.generateobject", "ai.streamobject"), "chain")
STEPS |= dict.fromkeys(("ai.embed", "ai.embedmany", "ai.rerank"), "chain")
# LiteLLM: `a` stands before what its proxy asks.
STEPS |= dict.fromkeys(("acompletion", "atext_completion", "aresponses", "anthropic_messages"), "llm")
STEPS |= {"aembedding": "embedding", "arerank": "retriever"}
STEPS |= dict.fromkeys((f"{a}{step}" for a in ("", "a") for step in UNSPOKEN), "span")
STEPS |= {step: step for step in ("chain", "agent", "retriever", "tool", "span")}
# Attributes that name the step, in STEPS' words whatever their case; the first that is there counts.
NAMED_BY = tuple(row.source for row in ALIASES if row.field == "kind")
# Ends of the names of spans that are called a call, and only prepare one (LlamaIndex).
PREPARING = ("._prepare_chat_with_tools",)
# Beginnings of those that ask a model for no words, and what they are (Logfire, before it named its steps).
WORDLESS = {"Embedding Creation with": "embedding", "Image Generation with": "span"}
# Those that ask, of which Logfire tells nothing else where they fail.
UNNAMED = ("Message with {request_data[", "Chat Completion with {request_data[", "Completion with {request_data[")
# Where nothing names the step: a call asks a model of a provider.
ASKS = (("gen_ai.request.model",), ("gen_ai.response.model",), ("llm.model_name",), ("request_data", "response_data"))


def dialect_of(seen: Seen) -> str:
    """The slug of the dialect that a span or a record speaks: its scope says it, else what its attributes are called."""
    return _dialect(seen.scope, tuple(seen.attributes))


@lru_cache(maxsize=1024)
def _dialect(scope: str, names: tuple[str, ...]) -> str:
    by_scope = next((dialect for dialect, begin, _ in DIALECTS if begin and scope.startswith(begin)), None)
    return by_scope or next((slug for slug, begin in BY_NAME if any(map(begin, names))), DIALECTS[-1][0])


def kind_of(seen: Seen) -> str:
    """`llm`, `embedding`, `chain`, `agent`, `retriever`, `tool`, or `span` for whatever is none of these."""
    attributes = seen.attributes
    if not attributes or attributes.get("logfire.span_type") == "pending_span":
        return "span"
    if seen.name.endswith(PREPARING):
        return "chain"
    for name in NAMED_BY:
        if name in attributes:
            told = (text(attributes[name]) or "").lower()
            if told in STEPS:
                return STEPS[told]
    if seen.name.startswith(tuple(WORDLESS)):
        return next(step for begin, step in WORDLESS.items() if seen.name.startswith(begin))
    return "llm" if _asks(attributes) or seen.name.startswith(UNNAMED) else "span"


def _asks(attributes: Mapping[str, Any]) -> bool:
    return any(all(name in attributes for name in names) for names in ASKS)
