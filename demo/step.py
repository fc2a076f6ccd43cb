"""Let the panel look at the world: the stages of the pipeline, at one story time."""

from datetime import datetime

from alerting.evaluate import evaluate
from alerting.notify.send import send
from monitoring.drain import drain_until_empty
from monitoring.rollup import rollup
from runbooks.review import draft_reviews


def run_stages(*, now: datetime) -> None:
    """Store what was posted, sum it up, judge it, tell people, draft reviews; an error stops the story loudly.

    Retention is left to the panel: nothing in a story is old enough to be dropped while it is told.
    """
    drain_until_empty(now=now)
    rollup(now=now)
    evaluate(now=now)
    send(now=now)
    draft_reviews(now=now)
