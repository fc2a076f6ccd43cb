"""The kinds of long work: the one list that `models_registry.jobs` runs by, as `settings.JOBS`."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class JobKind(NamedTuple):
    """A name for rows, a title for people, and the dotted paths of its step and of what goes before it, if anything
    (see `models_registry.jobs`).
    """

    name: str
    title: str | Promise
    step: str
    prepare: str = ""


KINDS: list[JobKind] = [
    JobKind(
        "export", _("write a file"), "models_registry.exports.keep_piece", prepare="models_registry.exports.write_piece"
    ),
    JobKind(
        "fit_estimator",
        _("fit an estimator"),
        "monitoring.quality.fitting.job.keep_estimator",
        prepare="monitoring.quality.fitting.job.fit_estimator",
    ),
    JobKind(
        "refold", _("fold stored predictions by a new reference or estimator"), "monitoring.summaries.refold.refold"
    ),
    JobKind("rejudge", _("judge answers again"), "monitoring.quality.rejudge.rejudge_step"),
    JobKind("reprice", _("price calls again"), "monitoring.prices.reprice.reprice_step"),
]
JOBS = {kind.name: kind for kind in KINDS}
