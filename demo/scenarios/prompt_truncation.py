"""A new prompt asks for longer answers while the token limit shrinks: answers stop in the middle of a sentence.

No call fails. Finish reason `length` jumps from about 0.02 % to about half of the calls, and the thumbs turn down.
The next prompt version ends it.
"""

from datetime import timedelta

from demo import assistant
from demo.scenarios.scenario import Marker, Scenario, Truth

BEFORE = assistant.World("p22")
DURING = assistant.World("p23", median_tokens=260.0, max_tokens=256, detailed=True)
AFTER = assistant.World("p24", median_tokens=170.0, max_tokens=800)
LASTS = timedelta(hours=2)


def world(elapsed: float) -> assistant.World:
    """Each prompt version is there at once."""
    if elapsed < 0:
        return BEFORE
    return DURING if elapsed < LASTS.total_seconds() else AFTER


def _prompt_change(prompt: str, after: timedelta) -> Marker:
    """The announcement of a prompt version."""
    item = {"kind": "prompt_change", "name": f"{assistant.PROMPT} {prompt}", "model": assistant.MODEL}
    named = {"version": assistant.APPLICATION, "prompt_name": assistant.PROMPT, "prompt_version": prompt}
    return Marker(after, item | named)


SCENARIO = Scenario(
    slug="prompt_truncation",
    model=assistant.MODEL,
    truth=Truth(
        cause="prompt p23 asks for detailed answers while max_tokens fell from 700 to 256",
        end=LASTS,
        rule="assistant-truncation-high",
        runbook="truncated-answers",
        detected_within=timedelta(minutes=45),
        recovered_within=timedelta(hours=1, minutes=30),
    ),
    world=world,
    markers=(_prompt_change("p23", timedelta(0)), _prompt_change("p24", LASTS)),
)
