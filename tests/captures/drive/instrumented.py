"""openai, anthropic and langchain under the instrumentation that the arguments name: `python -m … FAMILY LIBRARY`."""

import importlib
import os
import sys
from typing import Any

from tests.captures.drive import ways
from tests.captures.drive.calls import anthropic_calls, openai_calls
from tests.captures.drive.telemetry import start, stop

INSTRUMENTORS = {
    ("openllmetry", "openai"): "opentelemetry.instrumentation.openai:OpenAIInstrumentor",
    ("openllmetry", "anthropic"): "opentelemetry.instrumentation.anthropic:AnthropicInstrumentor",
    ("openllmetry", "langchain"): "opentelemetry.instrumentation.langchain:LangchainInstrumentor",
    ("openinference", "openai"): "openinference.instrumentation.openai:OpenAIInstrumentor",
    ("openinference", "anthropic"): "openinference.instrumentation.anthropic:AnthropicInstrumentor",
    ("openinference", "langchain"): "openinference.instrumentation.langchain:LangChainInstrumentor",
    ("genai", "openai"): "opentelemetry.instrumentation.genai.openai:OpenAIInstrumentor",
    ("genai", "anthropic"): "opentelemetry.instrumentation.genai.anthropic:AnthropicInstrumentor",
    ("contrib", "openai"): "opentelemetry.instrumentation.openai_v2:OpenAIInstrumentor",
}


def main(family: str, library: str) -> None:
    """Instrument, make the calls, send the rest."""
    providers = start()
    instrumented = (family, "openai" if library == "azure" else library)
    if instrumented in INSTRUMENTORS:
        module, _, name = INSTRUMENTORS[instrumented].partition(":")
        more = {"use_attributes": False} if os.environ.get("CAPTURES_EVENTS") else {}
        getattr(importlib.import_module(module), name)(**more).instrument()
    if family == "openinference" and library == "langchain":  # both, as people install them: every call is seen twice
        module, _, name = INSTRUMENTORS[family, "openai"].partition(":")
        getattr(importlib.import_module(module), name)().instrument()
    if os.environ.get("CAPTURES_MORE"):
        name = {"openai": "OpenAI", "anthropic": "Anthropic"}[library]
        ways.make(lambda kind: getattr(importlib.import_module(library), f"{kind}{name}"))
    elif library == "openai":
        openai_calls(client_of("openai", "OpenAI"))
    elif library == "azure":
        # Instrumentations tell Azure by the name of its host: our provider stands for it as a proxy.
        os.environ |= {"HTTP_PROXY": os.environ["VENDOR_URL"], "NO_PROXY": "127.0.0.1"}
        endpoint = {"azure_endpoint": "http://captures.openai.azure.com", "api_version": "2026-01-01"}
        openai_calls(client_of("openai", "AzureOpenAI", **endpoint))
    elif library == "anthropic":
        anthropic_calls(client_of("anthropic", "Anthropic"))
    else:
        importlib.import_module("tests.captures.drive.langchain_calls").make()
    stop(*providers)


def client_of(library: str, name: str, **more: Any) -> Any:
    """A client that does not try again, so that a failure is one call."""
    return getattr(importlib.import_module(library), name)(max_retries=0, **more)


if __name__ == "__main__":
    main(*sys.argv[1:])
