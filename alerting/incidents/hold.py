"""An incident held for a move: locked, asked whether the move can be made, changed, and written into its timeline."""

from datetime import datetime
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.models import Incident, IncidentEvent
from alerting.selectors.incidents import event_entry
from alerting.states import lifecycle
from alerting.states.lifecycle import Move, possible, step
from alerting.wording import move_label
from models_registry.models import User

MESSAGES = (
    IncidentEvent.Kind.NOTIFIED,
    IncidentEvent.Kind.SUPPRESSED,
    IncidentEvent.Kind.REQUEUED,
    IncidentEvent.Kind.COMMENT,
    IncidentEvent.Kind.RUNBOOK,
)


def record_event(
    incident: Incident,
    *,
    kind: str,
    now: datetime,
    actor: User | None = None,
    text: str = "",
    data: dict[str, Any] | None = None,
) -> IncidentEvent:
    """Append a line to the timeline; `kind` is a value of `IncidentEvent.Kind`."""
    return IncidentEvent.objects.create(
        incident=incident, at=now, kind=kind, actor=actor, text=text, data={} if data is None else data
    )


def hold(incident: Incident, *, seen: int | None = None) -> Incident:
    """The row as it stands, locked until the transaction ends; `Refused` if it is no longer at the revision that was seen."""
    current = Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
    if seen is not None and current.revision != seen:
        raise Refused(_moved_on(current))
    return current


def begin(incident: Incident, move: Move, *, seen: int | None = None) -> tuple[Incident, bool]:
    """The incident held, and whether the move changes it; `Refused` with what is possible where it cannot be made."""
    current = hold(incident)
    after = step(lifecycle.State(current.state), move)
    if after is None:
        raise Refused(_what_is_possible(current))
    changes = after != current.state
    if changes and seen is not None and current.revision != seen:
        raise Refused(_moved_on(current))
    return current, changes


def under_way(current: Incident) -> Incident:
    """The same; `Refused` if it is over."""
    if current.is_over:
        raise Refused(_what_is_possible(current))
    return current


def change(current: Incident, **fields: Any) -> None:
    """Write these fields; the revision says that something changed."""
    for name, value in {**fields, "revision": current.revision + 1}.items():
        setattr(current, name, value)
    current.save(update_fields=[*fields, "revision"])


def copied(incident: Incident, current: Incident) -> Incident:
    """Bring the caller's object up to date without losing what it has loaded."""
    for field in Incident._meta.concrete_fields:
        if field.attname not in ("project_id", "model_id"):
            setattr(incident, field.attname, getattr(current, field.attname))
    return incident


def _what_is_possible(current: Incident) -> str:
    if current.merged_into is not None:
        return _("%(incident)s was merged into %(into)s. Work on that one.") % {
            "incident": current,
            "into": current.merged_into,
        }
    facts = {
        "incident": current,
        "state": current.get_state_display(),
        "moves": ", ".join(move_label(move) for move in possible(lifecycle.State(current.state))),
    }
    if current.is_over:
        return _("%(incident)s is %(state)s already. Possible now: %(moves)s.") % facts
    return _("%(incident)s is %(state)s. Possible now: %(moves)s.") % facts


def _moved_on(current: Incident) -> str:
    """What happened since, so that whoever comes second can decide anew."""
    row = current.events.exclude(kind__in=MESSAGES).select_related("actor").order_by("-at", "-id").first()
    what = _("something changed")
    if row is not None:
        entry = event_entry(row)
        who = f" ({row.actor.get_short_name() or row.actor.get_username()})" if row.actor else ""
        what = f"{localtime(row.at):%H:%M} {entry.title}{who}"
    return _("%(incident)s has moved on since you looked: %(what)s. Look again, and repeat it if it still holds.") % {
        "incident": current,
        "what": what,
    }
