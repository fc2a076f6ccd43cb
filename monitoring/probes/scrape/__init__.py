"""The stage that asks targets for their metrics: those that are due, a few at once, into the inbox as exporters do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from lib.stage import Summary
from models_registry.models import ModelVersion
from monitoring.ingest.moments import EPOCH, epoch_us
from monitoring.ingest.otlp.accept import Outcome, limit_names, store_outcome
from monitoring.ingest.otlp.clean import Cleaner
from monitoring.ingest.otlp.points import DESCRIPTION_LENGTH, UNIT_LENGTH, VALUE_LENGTH, writer_of
from monitoring.ingest.redact import redactor_for
from monitoring.items import MetricItem
from monitoring.models import ScrapeTarget
from monitoring.probes.scrape.ask import Heard, ask
from monitoring.probes.scrape.exposition import Told
from monitoring.stats.points import Point

__all__ = ["scrape"]

MOST = 16  # asked at once: a pass takes as long as the slowest of them
EARLY = timedelta(seconds=1)  # beat and interval may differ by a little
KIND = "metric"


def scrape(*, now: datetime) -> Summary:
    """One bounded pass over targets that are due, those that have waited longest first: asked, points taken, failed."""
    mine = [target for target in _due(now)[:MOST] if _claim(target, now)]
    if not mine:
        return Summary()
    with ThreadPoolExecutor(len(mine), thread_name_prefix="scrape") as threads:  # they wait, and touch no database
        heard = list(threads.map(ask, mine))
    return sum((_keep(target, found, now) for target, found in zip(mine, heard, strict=True)), Summary())


def _due(now: datetime) -> list[ScrapeTarget]:
    rows = ScrapeTarget.objects.filter(enabled=True).select_related("project", "model")
    due = [one for one in rows if one.last_at is None or one.last_at + one.interval <= now + EARLY]
    return sorted(due, key=lambda one: (one.last_at or EPOCH, one.pk))


def _claim(target: ScrapeTarget, now: datetime) -> bool:
    """Of two ticks only one asks."""
    return ScrapeTarget.objects.filter(pk=target.pk, last_at=target.last_at).update(last_at=now) == 1


def _keep(target: ScrapeTarget, heard: Heard, now: datetime) -> Summary:
    outcome = Outcome(accepted=[*_items(target, heard, now)])
    limit_names(outcome, target.project_id)
    store_outcome(KIND, outcome, target.project_id, epoch_us(now), int(str(settings.INGEST["max_items"])))
    health: dict[str, Any] = {
        "last_heard_at": now,
        "last_ms": round(heard.seconds * 1_000),
        "last_error": heard.error or outcome.told,
    }
    if not heard.error:
        health |= {"last_ok_at": now, "last_samples": len(heard.points)}
    ScrapeTarget.objects.filter(pk=target.pk).update(**health)
    return Summary(seen=1, written=len(outcome.accepted), skipped=int(bool(heard.error)))


def _items(target: ScrapeTarget, heard: Heard, now: datetime) -> list[MetricItem]:
    """The points of the target, and those that Prometheus tells of every scrape: whether it is up, and how long it took."""
    mine = {"target": target.slug}
    own = [
        Told("up", "", "1 where the last scrape succeeded, else 0.", mine, Point(value=float(not heard.error))),
        Told("scrape_duration_seconds", "s", "How long the scrape took.", mine, Point(value=heard.seconds)),
        Told("scrape_samples_scraped", "", "Series that the target told.", mine, Point(value=float(len(heard.points)))),
    ]
    version = ModelVersion.objects.filter(model=target.model).order_by("-id").values_list("version", flat=True).first()
    cleaner = Cleaner(
        redact=redactor_for(target.project),
        joinable=not target.project.redact_extra,
        max_text=int(str(settings.INGEST["max_text"])),
    )
    clean = cleaner.look([part for one in heard.points for part in (dict(one.labels), one.description)])
    points = heard.points if clean else [_cleaned(one, cleaner) for one in heard.points]
    told = f"scrape {target.pk} ".encode()
    return [
        MetricItem(
            ts=epoch_us(now),
            model=target.model.slug,
            version=version or "",
            environment=target.environment,
            name=one.name[:255],
            unit=one.unit[:UNIT_LENGTH],
            description=one.description[:DESCRIPTION_LENGTH],
            attributes={name[:VALUE_LENGTH]: value[:VALUE_LENGTH] for name, value in one.labels.items()} or None,
            writer=writer_of(told, one.point),
            point=one.point,
        )
        for one in (*points, *own)
    ]


def _cleaned(one: Told, cleaner: Cleaner) -> Told:
    labels = cleaner.attributes(dict(one.labels), "/labels")
    return one._replace(labels=labels, description=cleaner.value(one.description, "/description"))
