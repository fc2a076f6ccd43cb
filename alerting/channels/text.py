"""A message in words, for channels that people read: what, since when, how bad, what to do first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext, override

from alerting.models import Severity

SHOWN_ALERTS = 5


def subject(body: Mapping[str, Any]) -> str:
    """One line, in the language of the installation; no line breaks, whatever people wrote in titles."""
    with override(settings.LANGUAGE_CODE):
        return " ".join(_subject(body["reason"], body["data"]).split())


def text(body: Mapping[str, Any]) -> str:
    """The whole message, in the language of the installation."""
    lines = [f"{name}: {value}" for name, value in facts(body)] + alert_lines(body)
    links = [f"{link['label']}: {link['url']}" for link in buttons(body)]
    return "\n".join([*lines, "", *links]).strip() + "\n"


def facts(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of what the message tells; absent facts leave nothing behind, and a test has none."""
    if body["reason"] == "test":
        return []
    with override(settings.LANGUAGE_CODE):
        data = body["data"]
        named = [
            (gettext("What"), data["title"]),
            (gettext("Model"), data["model_name"]),
            (gettext("Since"), _moment(data["impact_started_at"])),
            (gettext("Opened"), _moment(data["opened_at"])),
            (gettext("Resolved"), _moment(data["resolved_at"])),
            (gettext("By"), data["by"]),
            (gettext("How bad"), str(Severity(data["severity"]).label)),
        ]
    return [(name, value) for name, value in named if value]


def alert_lines(body: Mapping[str, Any]) -> list[str]:
    """One line for each of the first alerts, and how many more there are; for a test what it proves."""
    data = body["data"]
    with override(settings.LANGUAGE_CODE):
        if body["reason"] == "test":
            return _test_lines(data)
        lines = [f"- {words_of_alert(alert)}" for alert in data["alerts"][:SHOWN_ALERTS]]
        more = data["more_alerts"] + max(len(data["alerts"]) - SHOWN_ALERTS, 0)
        return [*lines, gettext("- and %(more_alerts)d more alerts") % {"more_alerts": more}] if more else lines


def words_of_alert(alert: Mapping[str, Any]) -> str:
    """The rule and what it saw; and that it begins and ends again and again, where it does."""
    with override(settings.LANGUAGE_CODE):
        flaps = gettext("flaps") if alert.get("flapping") else ""
    return " · ".join(part for part in (alert["rule"], alert["saw"], flaps) if part)


def buttons(body: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """`{label, url}` of every place to go from here; where somebody is asked for, first the page that acknowledges."""
    url = body["data"].get("acknowledge_url")
    with override(settings.LANGUAGE_CODE):
        return [*([{"label": gettext("Acknowledge"), "url": url}] if url else []), *body["data"]["links"]]


def shortened(words: str, longest: int) -> str:
    """At most so many characters, with an ellipsis where something was cut."""
    return words if len(words) <= longest else words[: longest - 1] + "…"


def _subject(reason: str, data: Mapping[str, Any]) -> str:
    if reason == "test":
        return gettext("Test message of the channel “%(channel)s”") % data
    facts = {**data, "severity": Severity(data["severity"]).label}
    sentences = {
        "opened": gettext("%(key)s opened (%(severity)s): %(title)s"),
        "escalated": gettext("%(key)s raised to %(severity)s: %(title)s"),
        "grew": gettext("%(key)s has more alerts (%(severity)s): %(title)s"),
        "flapping": gettext("%(key)s: an alert flaps, which is told once (%(severity)s): %(title)s"),
        "changed": gettext("%(key)s has fewer alerts (%(severity)s): %(title)s"),
        "repeated": gettext("%(key)s is still open (%(severity)s): %(title)s"),
        "unacknowledged": gettext("%(key)s: nobody has acknowledged it yet (%(severity)s): %(title)s"),
        "reopened": gettext("%(key)s reopened (%(severity)s): %(title)s"),
        "awoke": gettext("%(key)s is no longer snoozed (%(severity)s): %(title)s"),
        "assigned": gettext("%(key)s is yours (%(severity)s): %(title)s"),
        "acknowledged": gettext("%(key)s acknowledged by %(by)s: %(title)s"),
        "mitigated": gettext("%(key)s mitigated by %(by)s: %(title)s"),
        "merged": gettext("%(key)s merged into %(into)s: %(title)s"),
        "resolved": gettext("%(key)s resolved: %(title)s"),
    }
    return sentences[reason] % facts


def _test_lines(data: Mapping[str, Any]) -> list[str]:
    return [
        gettext("This is a test. If you can read it, the channel “%(channel)s” works.") % data,
        gettext("Sent by %(by)s.") % data,
    ]


def _moment(stamp: str | None) -> str:
    if not stamp:
        return ""
    local = datetime.fromisoformat(stamp).astimezone(get_default_timezone())
    return f"{local:%Y-%m-%d %H:%M} ({settings.TIME_ZONE})"
