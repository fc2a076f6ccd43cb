"""Times and figures in the text of a review: exact rather than short, because the text outlives the page."""

from datetime import datetime, timedelta

from django.utils.formats import number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from monitoring.catalogue.units import WRITERS

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def moment(at: datetime) -> str:
    """Local day and time, the same in every language."""
    return f"{localtime(at):%Y-%m-%d %H:%M:%S}"


def span(value: timedelta | None) -> str:
    """The two largest units: 1 d 3 h, 4 min 5 s, 0 s; in words when it has not happened."""
    if value is None:
        return gettext("not recorded")
    rest, parts = max(int(value.total_seconds()), 0), []
    for size, unit in UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def figure(value: float | None, unit: str) -> str:
    """A reading in the unit of its measure (`monitoring.catalogue.Unit`)."""
    if value is None:
        return gettext("no data")
    if unit == "ratio":
        return f"{_number(value * 100, 1)} %"
    if unit in WRITERS:
        return WRITERS[unit](value)
    marks = {
        "ms": (1, " ms"),
        "s": (0, " s"),
        "per_minute": (1, "/min"),
        "per_second": (1, "/s"),
        "usd": (2 if abs(value) >= 1 or not value else 4, " USD"),
        "score": (3, ""),
        "tokens": (0, ""),
        "count": (0, ""),
    }
    digits, mark = marks[unit]
    return _number(value, digits) + mark


def one_line(text: str) -> str:
    """Whatever people wrote, fit for one item of a list; in the reader's language where a translation is shipped."""
    return " ".join(gettext(text).split()) if text else ""


def _number(value: float, digits: int) -> str:
    return number_format(round(value, digits), decimal_pos=digits, use_l10n=True, force_grouping=True)
