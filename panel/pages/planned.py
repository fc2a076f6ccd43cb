"""From a maintenance window to a correction of the same times and back: each leads to the form of the other, filled in."""

from datetime import datetime, time, timedelta
from textwrap import shorten
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timezone import localtime

from alerting.labels.matchers import Matcher, Op
from alerting.models import Maintenance
from alerting.mutes.planned import labels_of
from alerting.mutes.silences import MAX_HOURS
from models_registry.models import Model, Project
from monitoring.models import SLO, Correction

LONGEST_NAME: Final = 120
HOUR: Final = timedelta(hours=1)


def correction_form(window: Maintenance, names: dict[str, dict[str, int]], *, now: datetime) -> str:
    """Where budgets are spared what the window keeps quiet: of the SLO or the model that its matchers name; empty where they
    name none, for a correction of neither is of every SLO of the project.
    """
    asked = {one.name: one.value for one in window.asked if one.op == Op.EQUAL}
    named = ((name, names[name].get(asked.get(name, ""))) for name in ("slo", "model"))
    found = next(((name, number) for name, number in named if number), None)
    if found is None:
        return ""
    given = _times(window.days, window.start, window.end, window.time_zone, window.project_id)
    given |= {found[0]: str(found[1]), "starts_at": now.isoformat(timespec="minutes"), "reason": window.name}
    return f"{reverse('admin:monitoring_correction_add')}?{urlencode(given)}"


def named_things(project: Project) -> dict[str, dict[str, int]]:
    """What matchers may name: the keys of SLOs and models, by slug."""
    return {
        "slo": dict(SLO.objects.filter(project=project).values_list("slug", "pk")),
        "model": dict(Model.objects.filter(project=project).values_list("slug", "pk")),
    }


def quiet_form(row: Correction, *, now: datetime) -> str:
    """Where the alerts of what it corrects are kept quiet at the same times; empty once it is over."""
    if row.until <= now or row.withdrawn_at is not None:
        return ""
    matchers = str(_matcher(row))
    if row.start is not None and row.end is not None:
        given = _times(row.days, row.start, row.end, row.time_zone, row.project_id)
        given |= {"name": shorten(row.reason, LONGEST_NAME, placeholder="…"), "owner": row.author, "matchers": matchers}
        return f"{reverse('admin:alerting_maintenance_add')}?{urlencode(given)}"
    hours = (row.until - max(now, row.starts_at)) / HOUR
    given = {"matchers": matchers, "hours": f"{min(max(hours, 0.01), MAX_HOURS):.2f}", "comment": row.reason}
    if row.starts_at > now:
        given["starts"] = f"{localtime(row.starts_at):%Y-%m-%d %H:%M}"
    return f"{reverse('panel:silences', args=[row.project.slug])}?{urlencode(given)}"


def _matcher(row: Correction) -> Matcher:
    """The narrowest label of what it names."""
    named = labels_of(row)
    name = next(one for one in ("slo", "model", "project") if one in named)
    return Matcher(name, Op.EQUAL, named[name])


def _times(days: list[int], start: time, end: time, zone: str, project: int) -> dict[str, str]:
    return {
        "project": str(project),
        "days": ",".join(map(str, days)),
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}",
        "time_zone": zone,
    }
