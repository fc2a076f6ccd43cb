"""Ways to reach people. To add one: a class in a file, a line here, a line in `Channel.Kind`, a test."""

from functools import cache

from django.utils.module_loading import import_string

from alerting.channels.base import ChannelKind

KINDS = {
    "console": "alerting.channels.console.Console",
    "email": "alerting.channels.email.Email",
    "webhook": "alerting.channels.webhook.Webhook",
}


@cache
def channel_kind(kind: str) -> ChannelKind:
    """The one instance of a kind, imported when it is first needed; `KeyError` for a kind nobody wrote."""
    made: ChannelKind = import_string(KINDS[kind])()
    return made
