"""Traffic, errors and latency: what is measured of every model."""

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import ALL, Indicator, Measure
from monitoring.stats import marks, processes, readers
from monitoring.stats.layouts import NEWEST
from monitoring.stats.metrics import SUMMED, series_metric

_LATENCY = "OpenTelemetry http.server.request.duration, gen_ai.client.operation.duration; HdrHistogram"
MEASURES = (
    Measure(
        name="requests",
        label=_("requests"),
        unit="count",
        definition=_("Predictions or calls, failed ones included."),
        source="Site Reliability Engineering, the four golden signals: traffic",
        kinds=ALL,
        metrics=("status",),
        read=readers.requests,
        sampled=False,
    ),
    Measure(
        name="throughput",
        label=_("throughput"),
        unit="per_minute",
        definition=_("Requests divided by the minutes of the window."),
        source="Site Reliability Engineering, the four golden signals: traffic",
        kinds=ALL,
        metrics=("status",),
        read=readers.throughput,
        sampled=False,
    ),
    Measure(
        name="staleness",
        label=_("staleness"),
        unit="s",
        definition=_(
            "Time from the newest minute with a request to the end of the window, however long ago; no data before the first."
        ),
        source="The Site Reliability Workbook, chapter 13: data freshness",
        kinds=ALL,
        metrics=("status", NEWEST),
        read=readers.staleness,
        sampled=False,
        better="lower",
    ),
    Measure(
        name="errors",
        label=_("errors"),
        unit="count",
        definition=_("Requests with status error. By class of error with by=error_type."),
        source="Site Reliability Engineering, the four golden signals: errors; OpenTelemetry error.type",
        kinds=ALL,
        metrics=("status",),
        read=readers.failed,
        sampled=False,
        better="lower",
    ),
    Measure(
        name="error_rate",
        label=_("error rate"),
        unit="ratio",
        definition=_("Requests with status error divided by all requests."),
        source="Site Reliability Engineering, the four golden signals: errors; Wilson 1927",
        kinds=ALL,
        metrics=("status",),
        read=readers.error_rate,
        better="lower",
    ),
    *(
        Measure(
            name=name,
            label=label,
            unit="ms",
            definition=definition,
            source=_LATENCY,
            kinds=ALL,
            metrics=("latency",),
            read=readers.latency(q),
            needs=("latency",),
            better="lower",
        )
        for name, q, label, definition in (
            (
                "latency_p50",
                0.5,
                _("latency, median"),
                _("Half of the requests took at most this long. Read from log-linear bins, within 1 %."),
            ),
            (
                "latency_p95",
                0.95,
                _("latency, 95th percentile"),
                _("95 of 100 requests took at most this long. Read from log-linear bins, within 1 %."),
            ),
            (
                "latency_p99",
                0.99,
                _("latency, 99th percentile"),
                _("99 of 100 requests took at most this long. Read from log-linear bins, within 1 %."),
            ),
        )
    ),
)
PROCESSES = (
    Measure(
        name="process_cpu",
        label=_("processor use"),
        unit="ratio",
        definition=_("The mean of the samples of processor use that clients send; 1 is all processors busy."),
        source="OpenTelemetry process.cpu.utilization",
        kinds=ALL,
        metrics=("process_cpu", series_metric(SUMMED, processes.CPU)),
        read=processes.process_cpu,
        needs=("process_events",),
        sampled=False,
        better="lower",
        open_ended=True,
    ),
    Measure(
        name="process_memory",
        label=_("memory use"),
        unit="bytes",
        definition=_("The mean of the samples of memory use that clients send."),
        source="OpenTelemetry process.memory.usage",
        kinds=ALL,
        metrics=("process_memory", series_metric(SUMMED, processes.MEMORY)),
        read=processes.process_memory,
        needs=("process_events",),
        sampled=False,
        better="lower",
    ),
)
INDICATORS = (
    Indicator(
        name="availability",
        label=_("requests without an error"),
        kinds=ALL,
        metric="status",
        marks=marks.available,
    ),
    Indicator(
        name="latency",
        label=_("requests within the latency bound"),
        kinds=ALL,
        metric="latency",
        marks=marks.fast,
        bounded=True,
    ),
)
