"""Let the panel look at the world: the stages of the pipeline, at one story time."""

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from monitoring.stage_runs import StageVerb


def run_stages(*, now: datetime) -> None:
    """Store what was posted, sum it up, judge it, tell people, draft reviews; an error stops the story loudly.

    Forgetting is left to the panel: no event of a story is old enough to be dropped while it is told.
    """
    for stage in settings.STAGES:
        if not stage.forgets:
            verb: StageVerb = import_string(stage.verb)
            while verb(now=now).seen and stage.greedy:
                pass
