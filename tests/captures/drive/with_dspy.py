"""DSPy under OpenInference, which sees LiteLLM below it too."""

import dspy
from openinference.instrumentation.dspy import DSPyInstrumentor
from openinference.instrumentation.litellm import LiteLLMInstrumentor

from tests.captures.cases import SYSTEM, Case, marked
from tests.captures.catalogue import DSPY
from tests.captures.drive.calls import each
from tests.captures.drive.telemetry import start, stop

KEPT = ("temperature", "max_tokens", "seed", "top_p", "stop", "user", "frequency_penalty", "reasoning_effort", "tools")


def run(case: Case) -> None:
    """One call of its language model, as its modules make them."""
    told = {name: value for name, value in case.request.items() if name in KEPT}
    model = dspy.LM(f"openai/{case.request['model']}", cache=False, num_retries=0, **told)
    model(messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": marked(case.name)}])


if __name__ == "__main__":
    providers = start()
    DSPyInstrumentor().instrument()
    LiteLLMInstrumentor().instrument()
    each(DSPY, run)
    stop(*providers)
