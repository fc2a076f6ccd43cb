"""All cases by name, and which of them are made through what."""

from tests.captures.bedrock import BEDROCK
from tests.captures.cases import ANTHROPIC, BROKEN, OPENAI, Case
from tests.captures.cohere import COHERE
from tests.captures.gemini import GEMINI, GEMINI_EMBED
from tests.captures.hard_cases import ANTHROPIC_HARD, OPENAI_HARD
from tests.captures.more_cases import AGENTS as OF_AGENTS
from tests.captures.more_cases import ANTHROPIC_MORE, OPENAI_MORE

OF_OPENAI, OF_ANTHROPIC = (*OPENAI, BROKEN, *OPENAI_HARD), (*ANTHROPIC, *ANTHROPIC_HARD)
ALL = (*OF_OPENAI, *OPENAI_MORE, *OF_ANTHROPIC, *ANTHROPIC_MORE, *OF_AGENTS, *GEMINI, GEMINI_EMBED, *BEDROCK, *COHERE)
CASES = {case.name: case for case in ALL}


def names(cases: tuple[Case, ...]) -> tuple[str, ...]:
    """Of those that are calls of language models."""
    return tuple(case.name for case in cases if case.truth)


# What is made through frameworks.
LANGCHAIN = ("chat_plain", "chat_length", "chat_tools", "chat_stream", "chat_limited")
CHAT = (*LANGCHAIN, "chat_reasoning", "chat_filter", "chat_broken")
RESPONSES = ("resp_plain", "resp_length", "resp_tools", "resp_stream")
CLAUDE = ("claude_cached", "claude_length", "claude_tools", "claude_stream", "claude_limited")
LITELLM = (*CHAT, "chat_turns")
PYDANTIC_AI = (*CHAT, *RESPONSES, *CLAUDE)
# With the client of 2025, it asks Responses for a tool again and again.
PYDANTIC_AI_2025 = (*CHAT, "resp_plain", "resp_length", "resp_stream", *CLAUDE)
# To its framework an answer that was cut off is a failure, of which nothing is told.
AGENTS = (*CHAT, "resp_plain", "resp_tools", "resp_stream")
# Its modules stream in their own way.
DSPY = ("chat_plain", "chat_length", "chat_tools", "chat_limited", "chat_broken")
VERCEL = (*CHAT, *RESPONSES)
# It counts the tokens of streams by a file that it fetches, and tells nothing of calls that fail.
OPENLIT = ("chat_plain", "chat_length", "chat_tools", "chat_reasoning", "chat_filter")
# A framework that streams its own way.
LANGGRAPH = (*CHAT, *RESPONSES, *CLAUDE, "chat_choices", "chat_parallel", "claude_tool_stream")
LANGGRAPH_FEW = ("chat_plain", "chat_tools", "chat_stream", "chat_limited", "chat_choices", "resp_plain", "resp_tools")
LANGGRAPH_FEW = (*LANGGRAPH_FEW, "claude_cached", "claude_tools", "claude_tool_stream")
STRANDS = ("chat_stream", "chat_tool_stream", "chat_limited", "claude_stream", "claude_tool_stream", "claude_limited")
AGNO = (*CHAT, *RESPONSES, *CLAUDE)
LITELLM_SEEN = (*CHAT, "chat_parallel", *CLAUDE, "claude_plain")
LANGFUSE_MORE = ("chat_plain", "chat_length", "chat_tools", "chat_reasoning", "chat_stream", "chat_limited")
ADK = ("gem_plain", "gem_length", "gem_tools", "gem_stream", "gem_limited")
AGENT_FRAMEWORK = (*LANGCHAIN, "chat_filter", "chat_broken", *RESPONSES)
# By clients that ask now and by those that ask later, in all the ways that people write calls.
OPENAI_WAYS, ANTHROPIC_WAYS = names(OPENAI_MORE), names(ANTHROPIC_MORE)
LATER = ("chat_plain", "chat_length", "chat_tools", "chat_stream", "chat_tool_stream", "chat_choices", "chat_limited")
LATER = (*LATER, "resp_plain", "resp_tools", "resp_stream", "resp_tool_stream", *OPENAI_WAYS)
CLAUDE_LATER = (*CLAUDE, "claude_tool_stream", *ANTHROPIC_WAYS)
# What the clients of 2024 could: no Responses.
OPENAI_2024 = ("chat_plain", "chat_bare", "chat_length", "chat_tools", "chat_turns", "chat_picture", "chat_stream")
OPENAI_2024 = (*OPENAI_2024, "chat_stream_silent", "chat_tool_stream", "chat_choices", "chat_limited", "chat_broken")
INSTRUCTOR = ("chat_tools", "chat_parsed")
LITELLM_PROXY = (*CHAT, "chat_choices", "chat_parallel", "chat_tool_stream", "chat_thought_stream", *CLAUDE)
LANGCHAIN_AGENT = names(OF_AGENTS)
# A failure is asked again by the framework.
CREWAI = ("chat_plain", "chat_length")
