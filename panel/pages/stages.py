"""What each stage of the pipeline does, in words for people: its name is what health, metrics and the docs call it."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DOES: Final[dict[str, Promise]] = {
    "drain": _("stores what the inbox holds and sums it up"),
    "scrape": _("asks scrape targets for their metrics"),
    "rollup": _("adds minutes up to hours and days"),
    "police": _("tells when a policy was not kept to"),
    "evaluate": _("judges the rules that are due"),
    "expire": _("ends alerts that other programs no longer send"),
    "wake": _("wakes snoozed incidents"),
    "settle": _("lets alerts that flapped come to rest"),
    "notify": _("sends messages"),
    "watch": _("looks for what stands still"),
    "learn_lags": _("learns how long labels take"),
    "jobs": _("takes the next step of long work"),
    "fit": _("fits estimators of performance"),
    "review": _("drafts reviews of resolved incidents"),
    "retain": _("drops events past their age"),
    "retain_evaluations": _("drops what rules saw, past its age"),
    "drop_exports": _("drops files of exports past their time"),
}
