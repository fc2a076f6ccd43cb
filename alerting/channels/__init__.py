"""Ways to reach people. To add one: `<kind>.py` here with a class `<Kind>`, a line in `Channel.Kind`, a test, a row in the docs."""

from functools import cache

from django.utils.module_loading import import_string

from alerting.channels.base import ChannelKind


@cache
def channel_kind(kind: str) -> ChannelKind:
    """The one instance of a kind, imported when it is first needed; `ImportError` for a kind nobody wrote."""
    name = "".join(part.capitalize() for part in kind.split("_"))
    made: ChannelKind = import_string(f"alerting.channels.{kind}.{name}")()
    return made
