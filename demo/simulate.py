"""A scenario in a project of its own: a baseline at once, then story time catching up with the present."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.define import define
from demo.play import KEY_NAME, moment, post_interval, scorecards
from demo.reference import refer, refer_first
from demo.scenarios.scenario import Episode, Scenario
from demo.sender import Sender
from demo.step import run_stages
from demo.story import Story
from demo.traffic import Traffic
from models_registry.models import ApiKey, Project
from monitoring.models import BusinessEvent, Feedback, LLMCall, LogRecord, Outcome, Prediction

BASELINE = timedelta(days=2)
LEAD = timedelta(minutes=20)  # story time before the onset, when all is well


@dataclass(frozen=True)
class Simulation:
    """A scenario placed in time. From `opens` on, story time runs; at `closes` the truth says all is over."""

    scenario: Scenario
    project: Project
    story: Story
    begins: datetime
    opens: datetime
    onset: datetime
    closes: datetime


def slug_of(scenario: Scenario, seed: int) -> str:
    """The project of a simulation."""
    return f"sim-{scenario.slug.replace('_', '-')}-{seed}"


def busy_key(*, since: datetime) -> ApiKey | None:
    """A key that programs have used since this real time; the demonstration's own traffic lives with a clock that moves."""
    return ApiKey.objects.filter(last_used_at__gt=since).exclude(name=KEY_NAME).select_related("project").first()


def length(scenario: Scenario) -> timedelta:
    """Story time from the opening to the end."""
    return LEAD + scenario.truth.end + scenario.truth.recovered_within


def prepare(scenario: Scenario, *, seed: int, closes: datetime, baseline: timedelta = BASELINE) -> Simulation:
    """A fresh project for a scenario that is over at `closes`; what an earlier run left is wiped.

    Put the clock at the baseline's begin before: rules must not have been looked at later than that.
    """
    opens = (closes - length(scenario)).replace(second=0, microsecond=0)
    begins, onset = opens - baseline, opens + LEAD
    wipe(slug_of(scenario, seed))
    name = f"{scenario.slug} · {seed}"
    project = define(slug=slug_of(scenario, seed), name=name, models=(scenario.model,), now=begins)
    refer_first(project, seed=seed, now=begins)
    story = Story(
        seed,
        Traffic(begins.timestamp(), flat=True),
        scorecards(seed),
        episodes=(Episode(scenario, onset.timestamp()),),
        models=(scenario.model,),
    )
    closes = moment(onset.timestamp()) + scenario.truth.end + scenario.truth.recovered_within
    return Simulation(scenario, project, story, begins, opens, onset, closes)


def post_baseline(simulation: Simulation, sender: Sender) -> int:
    """The quiet days before, in bulk, looked at once; the number of items."""
    posted = post_interval(simulation.story, sender, simulation.begins, simulation.opens)
    run_stages(now=simulation.opens)
    return posted


def advance(simulation: Simulation, sender: Sender, *, start: datetime, end: datetime) -> int:
    """Post [start, end) and look at it at `end`; the number of items."""
    posted = post_interval(simulation.story, sender, start, end)
    run_stages(now=end)
    refer(simulation.project, seed=simulation.story.seed, now=end)
    return posted


def wipe(slug: str) -> None:
    """Delete a project and everything in it; events first, because nothing points at them."""
    for kind in (Prediction, LLMCall, Outcome, Feedback, BusinessEvent, LogRecord):
        kind._default_manager.filter(project__slug=slug).delete()
    Project.objects.filter(slug=slug).delete()
