"""Play a story into a project: post an interval, run the stages at its end. The same for seed, simulate and tests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from demo.models import Play
from demo.scenarios import SCENARIOS
from demo.scenarios.scenario import Episode
from demo.scorecard import Scorecard, load, save
from demo.sender import Sender, pack
from demo.story import Story, batches
from demo.traffic import Traffic
from models_registry.keys import create_key, find_key
from models_registry.models import Project

# The past is older than the panel takes from others.
INGEST_SCOPES = ("ingest", "backfill")
KEY_NAME = "demonstration"


def scorecards(seed: int) -> tuple[Scorecard, ...]:
    """The trained models of a seed; trained once, then read from the data directory."""
    path = data_folder() / f"models-{seed}.json"
    if not path.exists():
        save(import_string("demo.train.train")(seed), path)
    return load(path)


def story_of(play: Play) -> Story:
    """The demonstration's story, as its play remembers it."""
    episodes = tuple(Episode(SCENARIOS[slug], onset) for slug, onset in play.episodes)
    return Story(play.seed, Traffic(play.origin.timestamp()), scorecards(play.seed), episodes=episodes)


def post_interval(story: Story, sender: Sender, start: datetime, end: datetime) -> int:
    """Post everything that happens in [start, end); the number of items."""
    posted = 0
    for kind, items in batches(story.events(start.timestamp(), end.timestamp())):
        sender.send(pack(kind, items))
        posted += len(items)
    return posted


def ensure_token(project: Project, scopes: Sequence[str], *, real_now: datetime) -> str:
    """A token of the project, kept in the data directory because the panel stores only its digest."""
    path = data_folder() / f"key-{project.slug}"
    if path.exists():
        token = path.read_text(encoding="utf-8").strip()
        key = find_key(token, now=real_now)
        if key is not None and key.project_id == project.pk:
            return token
    _key, token = create_key(project=project, name=KEY_NAME, scopes=scopes)
    path.touch(mode=0o600)
    path.write_text(token, encoding="utf-8")
    return token


def moment(epoch: float) -> datetime:
    """Epoch seconds as an aware time."""
    return datetime.fromtimestamp(epoch, UTC)


def data_folder() -> Path:
    """Where a demonstration keeps its trained models, its keys and its switch."""
    folder = Path(settings.DATA_DIR) / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
