"""What is kept quiet on purpose. It is asked when a message is written and again when it leaves."""

from datetime import datetime

from django.utils.timezone import localtime

from alerting.models import Maintenance, Silence
from alerting.mutes.in_force import Mute, Quiet
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import INHIBITED, MAINTENANCE, SILENCED


def check(candidate: Candidate) -> Facts | None:
    """Silent now, with who said so and until when."""
    mute = Quiet(candidate.incident.project_id, now=candidate.now).mute_of(candidate.incident)
    return None if mute is None else facts_of(mute)


def facts_of(mute: Mute) -> Facts:
    """The decision that a reason to be quiet leads to."""
    why = mute.why
    if isinstance(why, Silence):
        return {"code": SILENCED, "silence": why.pk, "owner": why.who, "until": _until(mute.until)}
    if isinstance(why, Maintenance):
        return {"code": MAINTENANCE, "maintenance": why.pk, "name": why.name, "until": _until(mute.until)}
    by = (mute.by or {}).get("alertname", "")
    return {"code": INHIBITED, "inhibition": why.pk, "name": why.name, "by": by}


def _until(moment: datetime | None) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
