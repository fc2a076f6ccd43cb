"""What services and models say of themselves: log lines and their levels."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import ALL, Indicator, Measure
from monitoring.stats import marks, readers

_SEVERITY = "OpenTelemetry log data model: severity number"
MEASURES = (
    Measure(
        name="log_records",
        label=_("log lines"),
        unit="count",
        definition=_("Log lines of any level. By level with by=level."),
        source=_SEVERITY,
        kinds=ALL,
        metrics=("log_level",),
        read=readers.log_records,
        needs=("logs",),
        sampled=False,
    ),
    Measure(
        name="error_logs",
        label=_("error lines"),
        unit="count",
        definition=_("Log lines of the levels error and critical."),
        source=_SEVERITY,
        kinds=ALL,
        metrics=("log_level",),
        read=readers.error_logs,
        needs=("logs",),
        sampled=False,
        better="lower",
    ),
    Measure(
        name="error_log_rate",
        label=_("error-log rate"),
        unit="ratio",
        definition=_(
            "Log lines of the levels error and critical divided by all log lines. By level with by=level: the share of each."
        ),
        source=f"{_SEVERITY}; Wilson 1927",
        kinds=ALL,
        metrics=("log_level",),
        read=readers.error_log_rate,
        needs=("logs",),
        better="lower",
    ),
)
INDICATORS = (
    Indicator(
        name="logs_not_error",
        label=_("log lines below the level error"),
        kinds=ALL,
        metric="log_level",
        marks=marks.not_error,
    ),
)
