"""Waiting for an event: what has arrived, what of it since the page was opened, and why the last request was refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from models_registry.models import Project
from monitoring.ingest.codes import PROBLEMS, REJECTIONS
from monitoring.models import RejectionCount, RequestRefusal
from monitoring.models.inbox import EventKind
from monitoring.selectors.arrivals import newest_at, spans_bring_calls
from monitoring.selectors.events import micros
from monitoring.selectors.ledger import read_ledger
from monitoring.selectors.wire import moment

RECENT = timedelta(minutes=15)
SHOWN = 3
# Where a kind of event shows; the other kinds show in collection health.
PLACES = {
    "prediction": "predictions",
    "llm_call": "llm_calls",
    "outcome": "models",
    "feedback": "models",
    "log": "logs",
    "metric": "measures",
}
MENDS: Mapping[str, str | Promise] = {
    "not_authenticated": _("Send the header “Authorization: Bearer …” with a key of this page, whole and not revoked."),
    "missing_scope": _("Use a key with the scope “ingest”; the one that was sent may not write."),
    "not_found": _("Look at the path, letter by letter: it is one of those that the tabs of this page have."),
    "unsupported_media_type": _("Send Content-Type: application/json, or application/x-protobuf for OpenTelemetry."),
    "unsupported_encoding": _("Send the body as it is, or compressed with gzip."),
    "empty_body": _("The request had no body: with curl, give it with -d."),
    "malformed": _("Nothing in the body could be read as JSON: mind the quotes of your shell."),
    "bad_gzip": _("The body is not gzip: compress it, or drop the header Content-Encoding."),
    "body_too_large": _("Send smaller batches."),
    "too_many_items": _("Send smaller batches."),
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """Accepted events of one kind, how many of them since the page was opened, when the newest happened, where they show."""

    label: str
    count: int
    fresh: int
    newest_at: datetime | None
    url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing came of it: of a request, or of an item in one."""

    meaning: str | Promise
    mend: str | Promise
    told: str
    at: datetime
    path: str = ""
    key_prefix: str = ""
    agent: str = ""
    overall: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The live part of the page."""

    arrivals: list[Arrival]
    pending: int
    refused: list[Refused]

    @property
    def fresh(self) -> bool:
        """Something came since the page was opened."""
        return any(one.fresh for one in self.arrivals)


def counted(project: Project) -> str:
    """What has been accepted so far, as a text that `waiting` reads: `prediction.12~log.3`."""
    kinds = read_ledger(project_id=project.pk)["kinds"]
    return "~".join(f"{kind}.{counts['accepted']}" for kind, counts in kinds.items())


def waiting(project: Project, *, since: str, now: datetime, real_now: datetime) -> Waiting:
    """What came, and of it what after `since` (of `counted`); what was refused in the last quarter of an hour, newest first."""
    before, ledger = _read(since), read_ledger(project_id=project.pk)
    arrivals = [
        Arrival(
            label=str(EventKind(kind).label),
            count=counts["accepted"],
            fresh=max(0, counts["accepted"] - before.get(kind, 0)),
            newest_at=newest_at(project.pk, kind),
            url=_place(kind, project),
        )
        for kind, counts in ledger["kinds"].items()
        if counts["accepted"]
    ]
    refused = [*_requests(project, real_now), *_items(project, now, real_now)]
    newest = sorted(refused, key=lambda one: one.at, reverse=True)[:SHOWN]
    return Waiting(arrivals, ledger["total"]["pending"], newest)


def _read(since: str) -> dict[str, int]:
    pairs = (one.rpartition(".") for one in since.split("~")[: len(EventKind.values)])
    return {kind: int(count) for kind, _dot, count in pairs if count.isdecimal() and len(count) < 19}


def _place(kind: str, project: Project) -> str:
    """Spans that tell of LLM calls show as these."""
    shown = EventKind.LLM_CALL if kind == EventKind.SPAN and spans_bring_calls(project.pk) else kind
    return reverse(f"panel:{PLACES.get(shown, 'collection')}", args=[project.slug])


def _requests(project: Project, real_now: datetime) -> list[Refused]:
    """Those of this project's keys, and those whose key nobody knows."""
    mine = RequestRefusal.objects.filter(Q(project=project) | Q(project__isnull=True), at__gte=real_now - RECENT)
    return [
        Refused(
            meaning=PROBLEMS[row.code][1] if row.code in PROBLEMS else row.code,
            mend=MENDS.get(row.code, ""),
            told=row.detail,
            at=row.at,
            path=row.path,
            key_prefix=row.key_prefix,
            agent=row.agent,
            overall=row.project_id is None,
        )
        for row in mine.order_by("-at")[:SHOWN]
    ]


def _items(project: Project, now: datetime, real_now: datetime) -> list[Refused]:
    """Their moments are of the story; shown is how long ago that was, in real time."""
    rows = RejectionCount.objects.filter(project=project, last_us__gte=micros(now - RECENT)).order_by("-last_us")
    return [
        Refused(
            meaning=REJECTIONS.get(row.code, row.code),
            mend="",
            told=row.last_detail,
            at=real_now - (now - moment(row.last_us)),
            path=str(EventKind(row.kind).label),
        )
        for row in rows[:SHOWN]
    ]
