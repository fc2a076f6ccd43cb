"""A message in words, for channels that people read: what, since when, how bad, what to do first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext, override

from alerting.models import Severity


def subject(body: Mapping[str, Any]) -> str:
    """One line, in the language of the installation; no line breaks, whatever people wrote in titles."""
    with override(settings.LANGUAGE_CODE):
        return " ".join(_subject(body["reason"], body["data"]).split())


def text(body: Mapping[str, Any]) -> str:
    """The whole message, in the language of the installation."""
    with override(settings.LANGUAGE_CODE):
        data = body["data"]
        lines = _test_lines(data) if body["reason"] == "test" else _incident_lines(data)
        links = [f"{link['label']}: {link['url']}" for link in data["links"]]
        return "\n".join([*lines, "", *links]).strip() + "\n"


def _subject(reason: str, data: Mapping[str, Any]) -> str:
    if reason == "test":
        return gettext("Test message of the channel “%(channel)s”") % data
    facts = {**data, "severity": Severity(data["severity"]).label}
    sentences = {
        "opened": gettext("%(key)s opened (%(severity)s): %(title)s"),
        "escalated": gettext("%(key)s raised to %(severity)s: %(title)s"),
        "resolved": gettext("%(key)s resolved: %(title)s"),
    }
    return sentences[reason] % facts


def _test_lines(data: Mapping[str, Any]) -> list[str]:
    return [
        gettext("This is a test. If you can read it, the channel “%(channel)s” works.") % data,
        gettext("Sent by %(by)s.") % data,
    ]


def _incident_lines(data: Mapping[str, Any]) -> list[str]:
    """Absent facts leave no line behind."""
    facts = [
        (gettext("What"), data["title"]),
        (gettext("Model"), data["model_name"]),
        (gettext("Since"), _moment(data["impact_started_at"])),
        (gettext("Opened"), _moment(data["opened_at"])),
        (gettext("Resolved"), _moment(data["resolved_at"])),
        (gettext("By"), data["by"]),
        (gettext("How bad"), Severity(data["severity"]).label),
    ]
    lines = [f"{name}: {value}" for name, value in facts if value]
    for alert in data["alerts"]:
        lines += ["- " + " · ".join(part for part in (alert["rule"], alert["saw"]) if part)]
    if data["more_alerts"]:
        lines.append(gettext("- and %(more_alerts)d more alerts") % data)
    return lines


def _moment(stamp: str | None) -> str:
    if not stamp:
        return ""
    local = datetime.fromisoformat(stamp).astimezone(get_default_timezone())
    return f"{local:%Y-%m-%d %H:%M} ({settings.TIME_ZONE})"
