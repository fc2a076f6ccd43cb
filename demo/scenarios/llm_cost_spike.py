"""A stricter check of answers turns into a retry loop, each time on a larger model with all that was said before.

No call fails, no answer is cut off, customers notice nothing. A question costs about fifty times as much, until somebody
looks at the money: the mean cost of a call rises from US$ 0.0002 to about 0.0035. Going back one version ends it.
"""

from datetime import timedelta

from django.utils.translation import gettext_noop as _

from demo import assistant
from demo.scenarios.prompt_truncation import BEFORE
from demo.scenarios.scenario import Marker, Scenario, Truth

LOOPING = "1.10.0"
REFUSED = 0.75
RETRIES = 4
LASTS = timedelta(hours=1, minutes=30)
DURING = BEFORE._replace(application=LOOPING, refused=REFUSED, retries=RETRIES)


def world(elapsed: float) -> assistant.World:
    """The deploy brings the loop, going back takes it away."""
    return DURING if 0 <= elapsed < LASTS.total_seconds() else BEFORE


def _deploy(version: str, name: str, after: timedelta) -> Marker:
    return Marker(after, {"kind": "deploy", "name": name, "model": assistant.MODEL, "version": version})


SCENARIO = Scenario(
    slug="llm_cost_spike",
    model=assistant.MODEL,
    truth=Truth(
        cause="deploy 1.10.0: its check refuses three answers of four, and asks gpt-4o up to four times with the whole conversation",
        end=LASTS,
        rule="assistant-cost-high",
        runbook="llm-cost",
        detected_within=timedelta(minutes=30),
        recovered_within=timedelta(hours=1),
    ),
    world=world,
    markers=(
        _deploy(LOOPING, _("stricter check of answers"), timedelta(0)),
        _deploy(assistant.APPLICATION, _("rolled back"), LASTS),
    ),
)
