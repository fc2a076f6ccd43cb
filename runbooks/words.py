"""Times and figures in the text of a review: exact rather than short, because the text outlives the page."""

from datetime import datetime, timedelta

from django.utils.timezone import localtime
from django.utils.translation import gettext

from monitoring.catalogue import units


def moment(at: datetime) -> str:
    """Local day and time, the same in every language."""
    return f"{localtime(at):%Y-%m-%d %H:%M:%S}"


def span(value: timedelta | None) -> str:
    """The two largest units: 1 d 3 h, 4 min 5 s, 0 s; in words when it has not happened."""
    return gettext("not recorded") if value is None else units.span(max(value.total_seconds(), 0))


def figure(value: float | None, unit: str) -> str:
    """A reading in the unit of its measure (`monitoring.catalogue.Unit`); counts to the last one."""
    return gettext("no data") if value is None else units.figure(value, unit)


def one_line(text: str) -> str:
    """Whatever people wrote, fit for one item of a list; in the reader's language where a translation is shipped."""
    return " ".join(gettext(text).split()) if text else ""
