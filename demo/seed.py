"""Tell a story 30 days deep as fast as the panel can take it, looking at it on the way as the panel would have.

The clock stands still at each step: long steps on quiet days, short ones around the incidents, so that alerts,
incidents and reviews come out of it by themselves. A run that is cut short goes on where it was.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from demo.define import define
from demo.definitions import MODELS
from demo.models import Play
from demo.persona import publish_due, respond
from demo.play import moment, story_of
from demo.reference import refer, refer_first
from demo.scenarios import SCENARIOS
from demo.scenarios.scenario import Episode
from demo.sender import Sender
from demo.step import run_stages
from demo.teller import Teller
from demo.traffic import DAY, LOCAL_OFFSET
from models_registry.clock import set_clock
from models_registry.models import Project
from monitoring.models import RetentionFloor
from monitoring.models.summaries import TIER_SECONDS, Tier

PROJECT, NAME = "demo", "Aurora"
DEPTH = timedelta(days=30)
QUIET_STEP = timedelta(hours=6)
BUSY_STEP = timedelta(minutes=5)
OLD, COSTLY, NEW = "silent_degradation", "llm_cost_spike", "prompt_truncation"
OLD_DAYS_AGO, COSTLY_DAYS_AGO = 12, 4
NEW_HOURS_AGO = 8
HOUR = TIER_SECONDS[Tier.HOUR]
ONSET_HOUR = 10  # local time: people are at work


def begin(*, seed: int, real_now: datetime) -> Play:
    """The play of the demonstration: found, or begun 30 days ago with the clock standing there.

    The clock moves before anything is defined, because a rule that has been looked at today is never asked about
    the past again.
    """
    play = Play.objects.filter(project__slug=PROJECT).select_related("project").first()
    if play is not None:
        return play
    origin = (real_now - DEPTH).replace(minute=0, second=0, microsecond=0)
    set_clock(story=origin, rate=0, real=real_now)
    project: Project = define(slug=PROJECT, name=NAME, models=tuple(MODELS), now=origin)
    refer_first(project, seed=seed, now=origin)
    onsets = {
        OLD: _morning(real_now - timedelta(days=OLD_DAYS_AGO)),
        COSTLY: _morning(real_now - timedelta(days=COSTLY_DAYS_AGO)),
        NEW: _morning(real_now - timedelta(hours=NEW_HOURS_AGO)),
    }
    _keep_minutes_from(onsets[OLD] - DAY)
    episodes = [[slug, onset] for slug, onset in onsets.items()]
    return Play.objects.create(project=project, seed=seed, origin=origin, through=origin, episodes=episodes)


def seed_story(
    play: Play, sender: Sender, *, until: Callable[[], datetime], tell: Callable[[float, str], None]
) -> None:
    """Tell the rest of the story up to `until()` (real time, which moves on meanwhile); `tell(share, what)`."""
    story = story_of(play)
    total = _weight(play.origin, until(), story.episodes)
    with Teller(story) as teller:
        for step in _steps(play.through, until, story.episodes):
            set_clock(story=step, rate=0, real=until())
            for parcel in teller.take(play.through, step):
                sender.send(parcel)
            teller.ask(step, _step_after(step, until(), story.episodes))
            _look(play, now=step)
            share = _weight(play.origin, step, story.episodes) / total
            tell(min(1.0, share), f"{step:%Y-%m-%d %H:%M}")
    play.seeded = True
    play.save(update_fields=["seeded"])


def _look(play: Play, *, now: datetime) -> None:
    """What the panel and its people make of what was posted."""
    run_stages(now=now)
    refer(play.project, seed=play.seed, now=now)
    respond(play.project, now=now)
    publish_due(play.project, {SCENARIOS[OLD].model}, now=now)
    play.through = now
    play.save(update_fields=["through"])


def done_share(play: Play, *, real_now: datetime) -> float:
    """How much of the work an earlier run has done."""
    episodes = story_of(play).episodes
    return _weight(play.origin, play.through, episodes) / _weight(play.origin, real_now, episodes)


def _keep_minutes_from(epoch_s: float) -> None:
    """Sum the quiet weeks before by the hour, as retention leaves them anyway: most of the buckets would be theirs."""
    start = int(epoch_s - epoch_s % HOUR)
    RetentionFloor.objects.update_or_create(kind=RetentionFloor.Kind.MINUTES, defaults={"start": start})


def _steps(start: datetime, until: Callable[[], datetime], episodes: tuple[Episode, ...]) -> Iterator[datetime]:
    """Times to stop at, the last one at the present."""
    at = start
    while at < until():
        at = _step_after(at, until(), episodes)
        yield at
        if until() - at < timedelta(seconds=1):
            return


def _step_after(at: datetime, end: datetime, episodes: tuple[Episode, ...]) -> datetime:
    """Where to stop next, at the latest at the end."""
    step = BUSY_STEP if _busy(at, episodes) else QUIET_STEP
    ahead = [moment(episode.onset) for episode in episodes if moment(episode.onset) > at]
    return min([at + step, end, *ahead])


def _busy(at: datetime, episodes: tuple[Episode, ...]) -> bool:
    """Whether an incident begins, lasts or has just been mended."""
    for episode in episodes:
        recovered = moment(episode.end) + episode.scenario.truth.recovered_within
        if moment(episode.onset) <= at < recovered:
            return True
    return False


def _weight(start: datetime, end: datetime, episodes: tuple[Episode, ...]) -> float:
    """Work between two times: an hour of events costs about as much as a short step's look."""
    work = (end - start) / timedelta(hours=1)
    for episode in episodes:
        onset = moment(episode.onset)
        recovered = moment(episode.end) + episode.scenario.truth.recovered_within
        work += max(timedelta(0), min(end, recovered) - max(start, onset)) / BUSY_STEP
    return work


def _morning(at: datetime) -> float:
    """The latest local ten o'clock that is not after `at` (epoch seconds)."""
    local = at.timestamp() + LOCAL_OFFSET
    midnight = local - local % DAY
    today = midnight + ONSET_HOUR * 3_600
    return (today if today <= local else today - DAY) - LOCAL_OFFSET
