"""One name for every provider: the well-known values of `gen_ai.provider.name` (semantic-conventions-genai), else as it came.

Clients call one provider by many names, and cost by provider would fall apart with them. Names are compared in lower case,
`_` and blanks as `-`.
"""

from collections.abc import Iterator

WELL_KNOWN: dict[str, tuple[str, ...]] = {
    "anthropic": ("claude",),
    # MLflow takes the region that a model's name begins with for its provider.
    "aws.bedrock": (
        *("aws", "amazon", "bedrock", "aws-bedrock", "amazon-bedrock", "bedrock-converse"),
        *("us", "us-gov", "eu", "apac", "jp", "au", "global"),
    ),
    "azure.ai.inference": ("azure-ai-inference", "az.ai.inference"),
    "azure.ai.openai": ("azure", "azure-openai", "azure-ai", "azureopenai", "az.ai.openai"),
    "cohere": ("cohere-chat",),
    "deepseek": (),
    "gcp.gemini": ("google", "gemini", "google-ai", "google-genai", "google-gla", "google-ai-studio"),
    "gcp.gen_ai": (),
    "gcp.vertex_ai": ("vertex", "vertexai", "vertex-ai", "google-vertex", "google-vertexai", "google.vertex"),
    "groq": (),
    "ibm.watsonx.ai": ("watsonx", "watsonx.ai", "ibm-watsonx", "ibm"),
    "mistral_ai": ("mistral", "mistralai"),
    "moonshot_ai": ("moonshot", "moonshotai"),
    "openai": ("open-ai", "openai-chat", "openai-responses"),
    "perplexity": ("perplexity-ai", "pplx"),
    "x_ai": ("xai",),
}
# Whose API a host is, by how its name ends: SDKs of OpenAI ask many of them, and instrumentations call all of them OpenAI.
HOSTS = {
    "openai.azure.com": "azure.ai.openai",
    "cognitiveservices.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "models.ai.azure.com": "azure.ai.inference",
    "api.deepseek.com": "deepseek",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.moonshot.ai": "moonshot_ai",
    "api.perplexity.ai": "perplexity",
    "api.x.ai": "x_ai",
    "amazonaws.com": "aws.bedrock",
}
ASKED_BY_SDK = ("openai", "")
# What some name instead of a provider: themselves.
FRAMEWORKS = frozenset(
    {"strands-agents", "litellm", "langchain", "langgraph", "crewai", "agno", "llama-index", "autogen"}
)


def _compared(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")


NAMES = {_compared(name): known for known, names in WELL_KNOWN.items() for name in (known, *names)}


def provider(given: str) -> str:
    """The well-known name; what stands behind a dot is the API of one (`openai.chat`). One that is not known stays as it is,
    a framework is none."""
    name = _compared(given)
    if name in FRAMEWORKS:
        return ""
    return next((NAMES[short] for short in _shorter(name) if short in NAMES), given.strip().lower())


def provider_at(given: str, host: str | None) -> str:
    """The provider that answers at a host (a name, or an address of the web), where the name may be that of an SDK alone."""
    if given not in ASKED_BY_SDK or not host:
        return given
    name = host.rpartition("//")[2].partition("/")[0].partition(":")[0].lower()
    return next((whose for end, whose in HOSTS.items() if f".{name}".endswith(f".{end}")), given)


def _shorter(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]
