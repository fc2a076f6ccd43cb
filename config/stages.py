"""The stages, in the order of the pipeline. Beat, `manage.py tick`, the demonstration and the tests read this one list."""

from typing import NamedTuple


class Stage(NamedTuple):
    """A name for people, the dotted path of the verb, how often it runs (real seconds).

    A greedy stage works in bounded passes and goes on while it still sees work.
    """

    name: str
    verb: str
    every: int
    greedy: bool = False


STAGES = [
    Stage("drain", "monitoring.drain.drain", 1, greedy=True),
    Stage("rollup", "monitoring.rollup.rollup", 15),
    Stage("evaluate", "alerting.evaluate.evaluate", 15),
    Stage("notify", "alerting.notify.send.send", 5),
    Stage("review", "runbooks.review.draft_reviews", 60),
    Stage("retain", "monitoring.retention.retain", 600),
    Stage("retain_evaluations", "alerting.retention.retain_evaluations", 600),
]
