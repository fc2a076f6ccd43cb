"""What jobs that score in batches say of their runs."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import ALL, Measure
from monitoring.stats import batches

_RUNS = "OpenLineage, run events and output statistics"
MEASURES = (
    Measure(
        name="batch_runs",
        label=_("batch runs"),
        unit="count",
        definition=_(
            "Runs that ended in the window, failed ones included. None is 0, so that a run that did not come is seen."
        ),
        source=_RUNS,
        kinds=ALL,
        metrics=(batches.COUNTED_RUNS,),
        read=batches.runs,
        needs=("batch_runs",),
        sampled=False,
    ),
    Measure(
        name="batch_failure_rate",
        label=_("batch failures"),
        unit="ratio",
        definition=_("Runs that ended with status error divided by all that ended in the window."),
        source=f"{_RUNS}; Wilson 1927",
        kinds=ALL,
        metrics=(batches.COUNTED_RUNS,),
        read=batches.failure_rate,
        needs=("batch_runs",),
        sampled=False,
        better="lower",
    ),
    Measure(
        name="batch_rows",
        label=_("batch rows"),
        unit="count",
        definition=_("Rows of the runs that ended in the window without failing, as their jobs count them."),
        source=_RUNS,
        kinds=ALL,
        metrics=(batches.COUNTED_ROWS,),
        read=batches.rows,
        needs=("batch_runs",),
        sampled=False,
    ),
    Measure(
        name="batch_completeness",
        label=_("batch completeness"),
        unit="ratio",
        definition=_(
            "Rows of a run divided by those that it expected; the mean over the runs that ended in the window."
        ),
        source=_RUNS,
        kinds=ALL,
        metrics=(batches.SHARES,),
        read=batches.completeness,
        needs=("batch_runs",),
        sampled=False,
        better="higher",
        open_ended=True,
    ),
    Measure(
        name="batch_duration",
        label=_("batch duration"),
        unit="s",
        definition=_("From the start of a run to its end; the mean over the runs that ended in the window."),
        source=_RUNS,
        kinds=ALL,
        metrics=(batches.TIMES,),
        read=batches.duration,
        needs=("batch_runs",),
        sampled=False,
        better="lower",
    ),
)
