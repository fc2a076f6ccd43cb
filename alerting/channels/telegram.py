"""Telegram, by a bot."""

import json
import re

from django.utils.translation import gettext

from alerting.channels.base import ChannelError, Delivery
from alerting.channels.post import as_json, post, secret_of
from alerting.channels.text import shortened, subject, text

API = "https://api.telegram.org"
LONGEST_TEXT = 4_096
CHAT = re.compile(r"-?\d{1,20}|@[A-Za-z]\w{3,31}")
TOKEN = re.compile(r"\d{5,15}:[A-Za-z0-9_-]{20,60}")


class Telegram:
    """The target is a chat's number or @name; the secret is the bot's token."""

    needs_secret = True
    ignores = frozenset({"changed"})

    def check(self, *, target: str, secret: str) -> None:
        """Both have a shape of their own."""
        if not CHAT.fullmatch(target):
            message = gettext("Write the chat's number, such as -1001234567890, or its @name.")
            raise ChannelError(message, permanent=True)
        if secret and not TOKEN.fullmatch(secret):
            message = gettext("The secret must be the bot's token, as BotFather gives it: 123456:ABC…")
            raise ChannelError(message, permanent=True)

    def send(self, delivery: Delivery) -> None:
        """Plain text: nothing in a title is markup, and addresses become links by themselves."""
        token = secret_of(delivery.secret, gettext("The channel has no bot token. Write it as the secret."))
        words = shortened(f"{subject(delivery.body)}\n\n{text(delivery.body)}", LONGEST_TEXT)
        payload = {"chat_id": delivery.target, "text": words, "link_preview_options": {"is_disabled": True}}
        answer = post(f"{API}/bot{token}/sendMessage", as_json(payload), read=64 * 1024)
        try:
            taken = json.loads(answer.body)["ok"] is True
        except (ValueError, KeyError, TypeError):
            taken = False
        if not taken:
            raise ChannelError(gettext("Telegram did not take the message."), permanent=False)
