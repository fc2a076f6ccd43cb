"""What stands still, in words: the facts that the stage `watch` keeps, as banners say them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from monitoring.catalogue.units import span


def say(fact: Mapping[str, Any]) -> str:
    """A sentence; empty for what other banners say (stages that are silent, processes that died)."""
    words = {
        "drain": _("Events wait: the oldest has not been stored for %(span)s. What you see is older than that."),
        "evaluation": _("Alert rules are judged late: %(name)s has been due for %(span)s."),
        "outbox": _("Messages wait: one has been due for %(span)s."),
        "never": _("A part of the panel has failed at every attempt so far: %(name)s."),
        "failing": _("A part of the panel fails at every attempt, for %(span)s: %(name)s."),
        "clock": _("The clocks of this machine and of its database differ by %(span)s: set them right."),
        "heartbeat": _("The heartbeat to the outside did not arrive: %(name)s"),
        "watchdog": _("The Watchdog did not reach an Alertmanager: %(name)s"),
    }
    text = words.get(str(fact.get("code")), "")
    return text % {"span": span(float(fact.get("seconds") or 0)), "name": fact.get("name", "")} if text else ""
