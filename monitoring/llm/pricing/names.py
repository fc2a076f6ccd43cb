"""Names of providers and models as clients, gateways and instrumentations write them, brought to those of the book."""

import re
from collections.abc import Iterator

# What instrumentations, SDKs and gateways call the providers of the book. Compared in lower case with `_` as `-`.
# Deliberately exact: "openai-compatible" is anybody's server and must not be priced as OpenAI.
_ALIASES = {
    "anthropic": ("claude",),
    "aws": ("amazon", "aws.bedrock", "aws-bedrock", "amazon-bedrock", "bedrock", "bedrock-converse"),
    "azure": (
        *("azure-openai", "azure-ai", "az.ai.openai", "az.ai.inference", "azure.ai.openai", "azure.ai.inference"),
        *("azure-ai-inference", "azureopenai"),
    ),
    "cohere": ("cohere-chat",),
    "fireworks": ("fireworks-ai",),
    "google": (
        *("gemini", "vertex", "vertexai", "vertex-ai", "google-vertex", "google-vertexai", "google-genai", "google-ai"),
        *("google-gla", "gcp.vertex-ai", "gcp.gemini", "gcp.gen-ai"),
    ),
    "mistral": ("mistralai", "mistral-ai"),
    "moonshotai": ("moonshot", "moonshot-ai"),
    "openai": ("open-ai", "openai-chat", "openai-responses"),
    "perplexity": ("perplexity-ai", "pplx"),
    "together": ("together-ai", "togetherai"),
    "voyageai": ("voyage", "voyage-ai"),
    "x-ai": ("xai",),
    "zai": ("z-ai", "z.ai"),
    "zhipuai": ("zhipu",),
}
PROVIDERS = {alias: provider for provider, aliases in _ALIASES.items() for alias in (provider, *aliases)}
BEDROCK = re.compile(
    r"(?:(?:us|eu|apac|au|jp|ca|us-gov|global)\.)?"
    r"(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|stability|writer|qwen|openai|moonshot|minimax)\.(?=.)"
)
BEDROCK_REVISION = re.compile(r"-v\d+(?::\d+)?$")
DATE = re.compile(r"[-@](\d{4})-?(\d{2})-?(\d{2})$")


def plain(name: str) -> str:
    """A name as names are compared."""
    return name.strip().lower()


def provider_name(given: str, known: frozenset[str]) -> str:
    """The provider of the book that is meant; empty if none is certain."""
    name = plain(given).replace("_", "-").replace(" ", "-")
    if plain(given) in known:
        return plain(given)
    return name if name in known else PROVIDERS.get(name, "")


def provider_meant(given: str) -> str:
    """The provider that a name stands for, whether a book knows it or not."""
    name = plain(given).replace("_", "-").replace(" ", "-")
    return PROVIDERS.get(name, name)


def spellings(model: str) -> Iterator[str]:
    """The name as it is, then with less and less around it; the first one that a book knows counts.

    A fine-tuned model (`ft:…`) keeps its prefix: its price is another one.
    """
    seen: dict[str, None] = {}
    name = plain(model)
    for form in (name, *(name.split("/", place)[-1] for place in range(1, name.count("/") + 1))):
        bare = BEDROCK.sub("", form, count=1) if BEDROCK.match(form) else form
        for one in (form, bare, BEDROCK_REVISION.sub("", bare)):
            seen |= dict.fromkeys((one, DATE.sub(r"-\1-\2-\3", one), DATE.sub("", one)))
    yield from filter(None, seen)


def vendor(model: str, known: frozenset[str]) -> tuple[str, str]:
    """(provider, model) of a name that says whose it is: `azure/gpt-4o`, `us.anthropic.claude-…`; else an empty provider."""
    head, slash, rest = plain(model).partition("/")
    if slash and (provider := provider_name(head, known)):
        return provider, rest
    if BEDROCK.match(plain(model)):
        return "aws", plain(model)
    return "", model
