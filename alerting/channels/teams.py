"""Microsoft Teams, by the webhook of a workflow: an Adaptive Card."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from alerting.channels.base import Delivery
from alerting.channels.post import SecretUrl, as_json, post, secret_of
from alerting.channels.text import alert_lines, buttons, facts, shortened, subject

# A message of a workflow may have 28 KB.
LONGEST_TITLE = 300
LONGEST_TEXT = 8_000
LONGEST_FACT = 500
MOST_ACTIONS = 6
MARKDOWN = re.compile(r"([\\*_\[\]()#`>])")


class Teams(SecretUrl):
    """The secret is the workflow's URL, which carries its own signature; the target says which it is."""

    def send(self, delivery: Delivery) -> None:
        """A workflow answers 202 when it has taken the card."""
        url = secret_of(delivery.secret, gettext("The channel has no workflow URL. Write it as the secret."))
        post(url, as_json(teams_message(delivery.body)))


def teams_message(body: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope that the template “when a Teams webhook request is received” expects, with one card."""
    title = {
        "type": "TextBlock",
        "text": _literal(shortened(subject(body), LONGEST_TITLE)),
        "weight": "Bolder",
        "size": "Medium",
        "wrap": True,
        "color": _color(body),
    }
    pairs = [{"title": name, "value": _literal(shortened(value, LONGEST_FACT))} for name, value in facts(body)]
    lines = shortened("\n\n".join(map(_literal, alert_lines(body))), LONGEST_TEXT)
    parts: list[dict[str, Any]] = [
        title,
        *([{"type": "FactSet", "facts": pairs}] if pairs else []),
        *([{"type": "TextBlock", "text": lines, "wrap": True}] if lines else []),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": parts,
        "actions": [
            {"type": "Action.OpenUrl", "title": link["label"], "url": link["url"]}
            for link in buttons(body)[:MOST_ACTIONS]
        ],
        "msteams": {"width": "Full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _color(body: Mapping[str, Any]) -> str:
    if body["reason"] == "test":
        return "Default"
    if body["reason"] == "resolved":
        return "Good"
    return "Attention" if body["data"]["severity"] == "page" else "Warning"


def _literal(text: str) -> str:
    """Cards read Markdown: what people wrote in titles is shown as they wrote it."""
    return MARKDOWN.sub(r"\\\1", text)
