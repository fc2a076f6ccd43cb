"""Slack, by an incoming webhook: Block Kit, with a text for what cannot show blocks."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from alerting.channels.base import ChannelError, Delivery
from alerting.channels.post import SecretUrl, as_json, post, secret_of
from alerting.channels.text import alert_lines, buttons, facts, shortened, subject

# https://docs.slack.dev/reference/block-kit/blocks
LONGEST_HEADER = 150
LONGEST_SECTION = 3_000
MOST_FIELDS = 10
LONGEST_FIELD = 2_000
LONGEST_LABEL = 75
LONGEST_URL = 3_000
MOST_BUTTONS = 5


class Slack(SecretUrl):
    """The secret is the webhook's URL, because whoever knows it can write to the channel; the target says which it is."""

    def send(self, delivery: Delivery) -> None:
        """Slack answers 200 and `ok`, or a status and one word."""
        url = secret_of(delivery.secret, gettext("The channel has no webhook URL. Write it as the secret."))
        answer = post(url, as_json(slack_message(delivery.body)), read=64)
        if answer.body.strip() != b"ok":
            message = gettext("What answered is not Slack: its webhooks say “ok”. Check the URL.")
            raise ChannelError(message, permanent=False)


def slack_message(body: Mapping[str, Any]) -> dict[str, Any]:
    """`{text, blocks}` within the limits of Block Kit."""
    head = subject(body)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(head, LONGEST_HEADER)},
        *_fields(body),
        *_section(alert_lines(body)),
        *_buttons(body),
    ]
    return {"text": _escaped(shortened(head, LONGEST_SECTION)), "blocks": blocks}


def _fields(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown = [
        {"type": "mrkdwn", "text": shortened(f"*{_escaped(name)}*\n{_escaped(value)}", LONGEST_FIELD)}
        for name, value in facts(body)
    ]
    return [{"type": "section", "fields": shown[:MOST_FIELDS]}] if shown else []


def _section(lines: list[str]) -> list[dict[str, Any]]:
    text = shortened(_escaped("\n".join(lines)), LONGEST_SECTION)
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}] if text else []


def _buttons(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = [
        {"type": "button", "text": _plain(link["label"], LONGEST_LABEL), "url": link["url"], "action_id": f"open-{n}"}
        for n, link in enumerate(buttons(body))
        if len(link["url"]) <= LONGEST_URL
    ]
    return [{"type": "actions", "elements": shown[:MOST_BUTTONS]}] if shown else []


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": shortened(text, longest), "emoji": False}


def _escaped(text: str) -> str:
    """The three characters that Slack gives a meaning, so that a title mentions nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
