"""One name for every provider, whatever a client calls it, and a price under that name."""

import pytest

from monitoring.llm.dialects.providers import FRAMEWORKS, HOSTS, NAMES, WELL_KNOWN, provider, provider_at
from monitoring.llm.dialects.read import read_span
from monitoring.llm.dialects.seen import Seen
from monitoring.llm.pricing.shipped import shipped_book


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("openai.chat", "openai"),
        ("OpenAI", "openai"),
        ("azure", "azure.ai.openai"),
        ("az.ai.openai", "azure.ai.openai"),
        ("azure-openai.chat", "azure.ai.openai"),
        ("az.ai.inference", "azure.ai.inference"),
        ("aws", "aws.bedrock"),
        ("amazon-bedrock", "aws.bedrock"),
        ("google", "gcp.gemini"),
        ("google.generative-ai", "gcp.gemini"),
        ("google_genai", "gcp.gemini"),
        ("google.vertex.chat", "gcp.vertex_ai"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("gcp.gen_ai", "gcp.gen_ai"),
        ("mistralai", "mistral_ai"),
        ("xai", "x_ai"),
        ("ollama", "ollama"),
        ("openai-compatible", "openai-compatible"),
        ("my.own", "my.own"),
        ("strands-agents", ""),
        ("LiteLLM", ""),
        ("", ""),
    ],
)
def test_a_provider_has_one_name(given, name):
    assert provider(given) == name
    assert provider(name) == name


def test_no_name_stands_for_two_providers_nor_for_a_framework():
    assert len(NAMES) == sum(len(names) + 1 for names in WELL_KNOWN.values())
    assert FRAMEWORKS.isdisjoint(NAMES)
    assert set(HOSTS.values()) <= WELL_KNOWN.keys()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("anthropic", "claude-sonnet-4-5"),
        ("aws.bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("azure.ai.openai", "gpt-4o"),
        ("cohere", "command-r-plus"),
        ("deepseek", "deepseek-chat"),
        ("gcp.gemini", "gemini-2.5-flash"),
        ("gcp.gen_ai", "gemini-2.5-flash"),
        ("gcp.vertex_ai", "gemini-2.5-flash"),
        ("mistral_ai", "mistral-large-latest"),
        ("openai", "gpt-4o"),
        ("x_ai", "grok-3"),
    ],
)
def test_the_book_has_a_price_under_that_name(name, model):
    assert shipped_book().find(name, model, ts_us=1_780_000_000_000_000) is not None


@pytest.mark.parametrize(
    ("given", "host", "name"),
    [
        ("openai", "shop.openai.azure.com", "azure.ai.openai"),
        ("openai", "https://shop.openai.azure.com/openai/", "azure.ai.openai"),
        ("openai", "api.deepseek.com:443", "deepseek"),
        ("", "api.groq.com", "groq"),
        ("openai", "api.openai.com", "openai"),
        ("openai", "notapi.groq.com.example", "openai"),
        ("openai", "127.0.0.1", "openai"),
        ("openai", None, "openai"),
        ("anthropic", "api.groq.com", "anthropic"),
    ],
)
def test_an_sdk_that_asks_elsewhere_is_told_by_the_host(given, host, name):
    assert provider_at(given, host) == name


def test_a_framework_is_no_provider_its_model_tells_whose_it_is():
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.system": "strands-agents", "gen_ai.request.model": "gpt-4o"}
    found = read_span(Seen(attributes=attributes))
    assert found is not None
    assert (found.call["provider"], found.flags) == ("openai", ["content_not_captured", "provider_inferred"])
