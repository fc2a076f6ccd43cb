"""The scenarios by name. To add one: a module here with a SCENARIO, and its line below."""

from demo.scenarios import llm_cost_spike, prompt_truncation, silent_degradation
from demo.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.slug: scenario
    for scenario in (silent_degradation.SCENARIO, prompt_truncation.SCENARIO, llm_cost_spike.SCENARIO)
}
