"""The stages, in the order of the pipeline: the one list that beat, worker, `manage.py tick` and health read.

Rooms to the left, the demonstration for one, read it as `settings.STAGES`.
"""

from typing import NamedTuple


class Stage(NamedTuple):
    """A name for people, the dotted path of the verb, how often it runs (real seconds).

    A greedy stage works in bounded passes and goes on while it still sees work. One that forgets drops what is old.
    """

    name: str
    verb: str
    every: int
    greedy: bool = False
    forgets: bool = False


STAGES = [
    Stage("drain", "monitoring.drain.drain", 1, greedy=True),
    Stage("scrape", "monitoring.probes.scrape.scrape", 5),
    Stage("rollup", "monitoring.summaries.rollup.rollup", 15),
    Stage("police", "monitoring.policies.police.police", 60),
    Stage("evaluate", "alerting.evaluate.rules.evaluate", 15),
    Stage("expire", "alerting.evaluate.external.expire", 15),
    Stage("wake", "alerting.incidents.moves.snooze.wake_snoozed", 15),
    Stage("settle", "alerting.evaluate.settle.settle", 15),
    Stage("notify", "alerting.notify.send.send", 5),
    Stage("watch", "config.watch.watch", 30),
    Stage("learn_lags", "monitoring.quality.label_lags.learn_lags", 60),
    Stage("jobs", "models_registry.jobs.run_jobs", 5),
    Stage("fit", "monitoring.quality.fitting.start.start_fits", 300),
    Stage("review", "runbooks.review.draft_reviews", 60),
    Stage("retain", "monitoring.retention.retain", 600, forgets=True),
    Stage("retain_evaluations", "alerting.evaluate.retention.retain_evaluations", 600, forgets=True),
    Stage("drop_exports", "models_registry.exports.drop_exports", 600, forgets=True),
]
