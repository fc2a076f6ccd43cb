"""Silences: a promise to look later. They are asked when a message is written and again when it leaves."""

from datetime import datetime

from django.db.models import Q
from django.utils.timezone import localtime

from alerting.models import Incident, Silence
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import SILENCED


def active_silence(incident: Incident, *, now: datetime) -> Silence | None:
    """What keeps this incident quiet: a silence of its project or model, or silences of all its rules."""
    matching = (
        Silence.objects.filter(project=incident.project_id, starts_at__lte=now, ends_at__gt=now)
        .filter(Q(model=None) | Q(model=incident.model_id))
        .select_related("owner")
        .order_by("-ends_at")
    )
    by_rule: dict[int, Silence] = {}
    for silence in matching:
        if silence.rule_id is None:
            return silence
        by_rule.setdefault(silence.rule_id, silence)
    rules = set(incident.alerts.values_list("rule_id", flat=True)) if by_rule else set()
    if not rules or not rules <= by_rule.keys():
        return None
    return min((by_rule[rule] for rule in rules), key=lambda silence: silence.ends_at)


def check(candidate: Candidate) -> Facts | None:
    """Silent now, with who said so and until when."""
    silence = active_silence(candidate.incident, now=candidate.now)
    if silence is None:
        return None
    until = f"{localtime(silence.ends_at):%Y-%m-%d %H:%M}"
    return {"code": SILENCED, "silence": silence.pk, "owner": silence.owner.get_username(), "until": until}
