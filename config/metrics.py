"""`/metrics`: what this web server counted over all its workers, and what the database knows of the domain."""

import hmac
import os
from collections.abc import Callable, Iterator

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from alerting.evaluate.evaluation_lag import evaluation_lag
from alerting.models import Alert, Channel, Incident, Notification
from alerting.notify.breaker import OPENS_AFTER
from config.measure_gauges import remembered
from config.pipeline import overdue_since
from config.slo_gauges import read_rule_gauges, remembered_slos
from lib import clock
from lib.clock import real_now
from monitoring.models import DeadLetter, LedgerCount, ProcessState, StageRun
from monitoring.selectors.clock_skew import clock_skew
from monitoring.selectors.ledger import inbox_backlog

logger = structlog.get_logger(__name__)


@csrf_exempt
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; with ATALAIA_METRICS_TOKEN set only for those who send it as a bearer token."""
    given = request.headers.get("Authorization", "").encode()
    if settings.METRICS_TOKEN and not hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("a bearer token is needed\n", status=401, content_type="text/plain")
    domain = CollectorRegistry()
    domain.register(DomainCollector())
    body = generate_latest(_process_registry()) + generate_latest(domain)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


def _process_registry() -> CollectorRegistry:
    """Sums over the files of all web workers where they share a folder, else this process alone."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
    return registry


class DomainCollector(Collector):
    """Read at scrape time, so that every worker says the same; a part that fails is named, the rest is still there."""

    def collect(self) -> Iterator[Metric]:
        """Each part on its own."""
        broken = GaugeMetricFamily("atalaia_scrape_failed", "1 if this part could not be read.", labels=["part"])
        for part in PARTS:
            try:
                yield from part()
            except DatabaseError:
                logger.exception("metrics_part_failed", part=part.__name__)
                broken.add_metric([part.__name__.removeprefix("_")], 1)
        yield broken


def _inbox() -> list[Metric]:
    backlog = inbox_backlog()
    lag = (real_now() - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0
    return [
        GaugeMetricFamily("atalaia_inbox_items", "Accepted items that wait for the drain.", value=backlog.items),
        GaugeMetricFamily("atalaia_drain_lag_seconds", "Age of the oldest of them.", value=lag),
        GaugeMetricFamily("atalaia_dead_letters", "Items that could not be stored.", value=DeadLetter.objects.count()),
    ]


def _ledger() -> list[Metric]:
    family = GaugeMetricFamily("atalaia_ledger_items", "Drained items by kind and fate.", labels=["kind", "fate"])
    fates = ("received", "rejected", "accepted", "stored", "duplicate", "dead_lettered")
    sums = LedgerCount.objects.order_by("kind").values_list("kind").annotate(*(Sum(fate) for fate in fates))
    for kind, *counts in sums:
        for fate, count in zip(fates, counts, strict=True):
            family.add_metric([kind, fate], count)
    return [family]


def _stages() -> list[Metric]:
    age = GaugeMetricFamily("atalaia_stage_age_seconds", "Since the last run of a stage began.", labels=["stage"])
    seconds = GaugeMetricFamily("atalaia_stage_duration_seconds", "Of the last run.", labels=["stage"])
    failures = GaugeMetricFamily("atalaia_stage_failures", "Runs that failed, ever.", labels=["stage"])
    missed = GaugeMetricFamily("atalaia_stage_missed_rounds", "Rounds that nobody started in time.", labels=["stage"])
    success = GaugeMetricFamily(
        "atalaia_stage_last_success_timestamp_seconds", "The end of its last run that did not fail.", labels=["stage"]
    )
    now = real_now()
    for run in StageRun.objects.all():
        age.add_metric([run.stage], (now - run.started_at).total_seconds())
        seconds.add_metric([run.stage], run.seconds)
        failures.add_metric([run.stage], run.failures)
        missed.add_metric([run.stage], run.missed)
        if run.succeeded_at:
            success.add_metric([run.stage], run.succeeded_at.timestamp())
    return [age, seconds, failures, missed, success]


def _evaluation() -> list[Metric]:
    lag = evaluation_lag(now=clock.now())
    text = "For how long the rule that waits longest has been due."
    seconds = lag.behind.total_seconds() if lag else 0
    return [GaugeMetricFamily("atalaia_evaluation_lag_seconds", text, value=seconds)]


def _clock() -> list[Metric]:
    skew = clock_skew().total_seconds()
    return [
        GaugeMetricFamily("atalaia_clock_skew_seconds", "The database's clock minus that of this machine.", value=skew)
    ]


def _processes() -> list[Metric]:
    family = GaugeMetricFamily("atalaia_process_restarts", "Restarts since `manage.py up`.", labels=["process"])
    for row in ProcessState.objects.all():
        family.add_metric([row.name], row.restarts)
    return [family]


def _incidents() -> list[Metric]:
    counts = dict(Incident.objects.values_list("state").annotate(Count("id")).order_by())
    family = GaugeMetricFamily("atalaia_incidents", "Incidents by state.", labels=["state"])
    for state in Incident.State.values:
        family.add_metric([state], counts.get(state, 0))
    return [family]


def _alerts() -> list[Metric]:
    counts = dict(Alert.objects.values_list("state").annotate(Count("id")).order_by())
    family = GaugeMetricFamily("atalaia_alerts", "Alerts by state.", labels=["state"])
    for state in Alert.State.values:
        family.add_metric([state], counts.get(state, 0))
    return [family]


def _outbox() -> list[Metric]:
    at = real_now()
    since = overdue_since(now=clock.now(), real_now=at)
    age = (at - since).total_seconds() if since else 0
    waiting = Notification.objects.filter(state__in=[Notification.State.QUEUED, Notification.State.SENDING])
    given_up = Notification.objects.filter(state=Notification.State.DEAD)
    return [
        GaugeMetricFamily("atalaia_outbox_age_seconds", "How long the oldest message has been due.", value=age),
        GaugeMetricFamily("atalaia_outbox_messages", "Messages that wait or are planned.", value=waiting.count()),
        GaugeMetricFamily("atalaia_outbox_given_up", "Messages that were given up.", value=given_up.count()),
    ]


def _channels() -> list[Metric]:
    labels = ["project", "channel"]
    failures = GaugeMetricFamily("atalaia_channel_failures", "Failures in a row of a channel.", labels=labels)
    failing = GaugeMetricFamily("atalaia_channel_failing", "1 while its messages wait and one is tried.", labels=labels)
    rows = Channel.objects.filter(enabled=True).order_by("project__slug", "name")
    for project, name, count in rows.values_list("project__slug", "name", "failures"):
        failures.add_metric([project, name], count)
        failing.add_metric([project, name], int(count >= OPENS_AFTER))
    return [failures, failing]


def _measures() -> list[Metric]:
    return remembered.get()


def _slos() -> list[Metric]:
    return remembered_slos.get()


def _rules() -> list[Metric]:
    return read_rule_gauges()


PARTS: list[Callable[[], list[Metric]]] = [
    _inbox,
    _ledger,
    _stages,
    _evaluation,
    _clock,
    _processes,
    _incidents,
    _alerts,
    _outbox,
    _channels,
    _measures,
    _slos,
    _rules,
]
