"""Why a message was not sent. Stored as a code with its facts, spoken in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerting.models import Severity

SILENCED = "silenced"
MAINTENANCE = "maintenance"
INHIBITED = "inhibited"
# Reasons that end by themselves: whoever was kept in the dark by them is told then.
MUTES = frozenset({SILENCED, MAINTENANCE, INHIBITED})
BELOW_SEVERITY = "below_severity"
NOTHING_SENT = "nothing_sent"
ALREADY_TOLD = "already_told"
NO_CHANNEL = "no_channel"
CHANNEL_OFF = "channel_off"
GAVE_UP = "gave_up"
ROUTED_NOWHERE = "routed_nowhere"
NOT_ROUTED = "not_routed"
OVER = "over"
IN_HAND = "in_hand"
QUIET_HOURS = "quiet_hours"
SNOOZED = "snoozed"
MERGED = "merged"
FLAPPING = "flapping"
# Told later instead of never.
POSTPONES = frozenset({QUIET_HOURS, SNOOZED})

SENTENCES = {
    SILENCED: _("%(channel)s was not told: %(owner)s silenced this until %(until)s."),
    MAINTENANCE: _("%(channel)s was not told: the maintenance window “%(name)s” is open until %(until)s."),
    INHIBITED: _("%(channel)s was not told: “%(by)s” fires, which explains it (%(name)s)."),
    BELOW_SEVERITY: _("%(channel)s was not told: it only takes “%(minimum)s” and above."),
    NOTHING_SENT: _("%(channel)s was not told of the end: it never heard of the beginning."),
    ALREADY_TOLD: _("%(channel)s was not told again: it already knows."),
    NO_CHANNEL: _("Nobody was told: the project has no enabled channel. Add one under Channels."),
    CHANNEL_OFF: _("%(channel)s was not told: the channel was switched off before the message left."),
    ROUTED_NOWHERE: _("Nobody was told: the route %(route)s leads to no channel. Add one to it, or above it."),
    NOT_ROUTED: _("%(channel)s would not be told: no route that takes the alert leads to it."),
    OVER: _("%(channel)s was not told: it was over before that was due."),
    IN_HAND: _("%(channel)s was not told: %(by)s has acknowledged it."),
    QUIET_HOURS: _("%(channel)s has quiet hours and will be told at %(shown)s."),
    SNOOZED: _("%(channel)s was not told yet: the incident is snoozed until %(shown)s."),
    MERGED: _("%(channel)s was not told: the incident was merged into %(into)s."),
    FLAPPING: _("%(channel)s was not told of another turn: “%(name)s” flaps, which was told once."),
    GAVE_UP: _("%(channel)s could not be told, after %(attempts)s attempts: %(error)s"),
}

# The same in a word or two, where reasons are counted.
NAMES = {
    SILENCED: _("silenced"),
    MAINTENANCE: _("maintenance window"),
    INHIBITED: _("explained by another alert"),
    BELOW_SEVERITY: _("below the channel's severity"),
    NOTHING_SENT: _("never heard of the beginning"),
    ALREADY_TOLD: _("knew already"),
    NO_CHANNEL: _("no channel"),
    CHANNEL_OFF: _("channel switched off"),
    ROUTED_NOWHERE: _("routed to no channel"),
    NOT_ROUTED: _("no route"),
    OVER: _("over before it was due"),
    IN_HAND: _("in somebody's hands"),
    QUIET_HOURS: _("quiet hours, told later"),
    GAVE_UP: _("given up"),
    FLAPPING: _("flaps, told once"),
    SNOOZED: _("snoozed"),
    MERGED: _("merged into another incident"),
}


def name_of(code: str) -> str:
    """The reason in a word or two, in the active language."""
    return str(NAMES.get(code, gettext("no reason recorded")))


def explain(data: Mapping[str, Any]) -> str:
    """The sentence for the `data` of a SUPPRESSED incident event (or `body["decision"]` of a notification)."""
    template = SENTENCES.get(str(data.get("code", "")))
    if template is None:
        return gettext("No reason was recorded.")
    facts = {name: str(value) for name, value in data.items()}
    if "minimum" in facts:
        facts["minimum"] = str(Severity(facts["minimum"]).label)
    return str(template) % facts
