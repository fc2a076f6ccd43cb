"""The stages, in the order of the pipeline. Beat, `manage.py tick`, the demonstration and the tests read this one list."""

from typing import NamedTuple

from django.utils.module_loading import import_string

from monitoring.record import StageVerb


class Stage(NamedTuple):
    """A name for people, the dotted path of the verb, and how often it runs (real seconds)."""

    name: str
    verb: str
    every: int


STAGES = [
    Stage("drain", "monitoring.drain.drain", 1),
    Stage("rollup", "monitoring.rollup.rollup", 15),
    Stage("evaluate", "alerting.evaluate.evaluate", 15),
    Stage("notify", "alerting.notify.send.send", 5),
    Stage("review", "runbooks.review.draft_reviews", 60),
    Stage("retain", "monitoring.retention.retain", 600),
]


def load_verb(stage: Stage) -> StageVerb:
    """The verb itself; paths are resolved late so that this list imports nothing."""
    verb: StageVerb = import_string(stage.verb)
    return verb
