"""What an agent of Pydantic AI is told of a call: its settings under its own names, and its tool."""

SETTINGS = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "stop": "stop_sequences",
    "user": "openai_user",
    "reasoning_effort": "openai_reasoning_effort",
}
KEPT = ("temperature", "max_tokens", "seed", "top_p", "frequency_penalty", "stop_sequences", *SETTINGS)


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"
