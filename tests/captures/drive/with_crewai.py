"""A crew of one under the instrumentation that the argument names: `python -m … FAMILY`."""

import importlib
import sys

from crewai import LLM, Agent, Crew, Task
from openinference.instrumentation.openai import OpenAIInstrumentor

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import CREWAI
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

INSTRUMENTORS = {
    "openinference": "openinference.instrumentation.crewai:CrewAIInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.crewai:CrewAIInstrumentor",
}
PARAMS = ("temperature", "max_tokens", "top_p", "seed", "frequency_penalty", "stop")


def run(case: Case) -> None:
    """One task of one agent."""
    params = {name: value for name, value in case.request.items() if name in PARAMS}
    model = LLM(model=case.request["model"], provider="openai", max_retries=0, **params)
    agent = Agent(role="keeper", goal=SYSTEM, backstory="An old keeper.", llm=model, max_iter=1, max_retry_limit=0)
    task = Task(description=marked(case.name), expected_output="One sentence.", agent=agent)
    Crew(agents=[agent], tasks=[task]).kickoff()


if __name__ == "__main__":
    providers = start()
    module, _, name = INSTRUMENTORS[sys.argv[1]].partition(":")
    getattr(importlib.import_module(module), name)().instrument()
    if sys.argv[1] == "openinference":
        OpenAIInstrumentor().instrument()
    each(CREWAI, run)
    stop(*providers)
