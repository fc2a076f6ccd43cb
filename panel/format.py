"""Numbers, times and money on pages, as the active language writes them. Units are joined by a no-break space.

`None` is always a dash: an unknown figure is not zero.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from monitoring.catalogue import units
from monitoring.catalogue.units import NBSP

DASH = "—"
Writer = Callable[[float | None], str]


def _known(write: Callable[[float], str]) -> Writer:
    """The same, and a dash for what is unknown."""
    return lambda value: DASH if value is None else write(value)


ratio = _known(units.ratio)
milliseconds = _known(units.milliseconds)
money = _known(units.money)
score = _known(units.score)
target = _known(units.target_figure)
rate = _known(units.rate)


def number(value: float | None, digits: int = 0) -> str:
    """1,204 in English, 1.204 in Portuguese."""
    return DASH if value is None else units.number(value, digits)


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as per cent, rounded to the nearest."""
    return _percent(fraction, digits, ROUND_HALF_EVEN)


def percent_exact(fraction: float) -> str:
    """A promise as it was made: 90%, 99.9%, 99.995%."""
    decimals = Decimal(str(fraction)).normalize().as_tuple().exponent
    digits = -decimals - 2 if isinstance(decimals, int) else 0
    return _percent(fraction, max(digits, 0), ROUND_HALF_EVEN)


def percent_floor(fraction: float | None, digits: int = 2) -> str:
    """A fraction as per cent, never rounded up: 99.999 % of a promise is not 100 %, and a debt is not smaller."""
    return _percent(fraction, digits, ROUND_FLOOR)


def percent_full(fraction: float | None) -> str:
    """A share of a budget to the last digit that says something, of at most four: 10%, 0.25%, 33.3333%."""
    if fraction is None:
        return DASH
    shown = (Decimal(str(fraction)) * 100).quantize(Decimal(1).scaleb(-4), rounding=ROUND_HALF_EVEN).normalize()
    exponent = shown.as_tuple().exponent
    return _percent(fraction, max(-exponent, 0) if isinstance(exponent, int) else 0, ROUND_HALF_EVEN)


def _percent(fraction: float | None, digits: int, rounding: str) -> str:
    if fraction is None:
        return DASH
    exact = (Decimal(str(fraction)) * 100).quantize(Decimal(1).scaleb(-digits), rounding=rounding)
    text = number_format(exact, decimal_pos=digits, use_l10n=True, force_grouping=True).replace("-", "−")
    return _("%(number)s%%") % {"number": text}


def money_exact(dollars: Decimal) -> str:
    """US$ with every digit that is there, at least two."""
    exponent = dollars.normalize().as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    size = number_format(abs(dollars), decimal_pos=digits, use_l10n=True)
    return ("−" if dollars < 0 else "") + _("US$%(number)s") % {"number": size}


def compact(value: float | None) -> str:
    """12.4 k, 3.1 M: for counts that are read at a glance."""
    if value is None:
        return DASH
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scale = 1e3 if unit == "k" else size
            return f"{number(value / scale, 1)}{NBSP}{unit}"
    return number(value)


def burn(factor: float | None) -> str:
    """6.2×, how many times faster than the budget allows."""
    if factor is None:
        return DASH
    return f"{number(factor, 1 if abs(factor) < 100 else 0)}×"


def often(value: float | None) -> str:
    """How often something happens: two digits of what is rare, whole numbers of what is not."""
    if value is None:
        return DASH
    return compact(value) if value >= 10 else number(value, 2 if value < 1 else 1)


def span(value: timedelta | float | None) -> str:
    """A duration in its two largest units: 1 d 23 h, 4 h 50 min, 12 s. Cut, not rounded."""
    if value is None:
        return DASH
    return units.span(value.total_seconds() if isinstance(value, timedelta) else value)


def moment(at: datetime | None, *, now: datetime | None = None) -> str:
    """The time alone on the same local day, else day and time."""
    if at is None:
        return DASH
    local = timezone.localtime(at)
    clock_text = date_format(local, "H:i")
    if now is not None and timezone.localtime(now).date() == local.date():
        return clock_text
    return _("%(day)s, %(time)s") % {"day": day(at), "time": clock_text}


def day(at: datetime) -> str:
    """The local day, as short as it can be told: Nov 26, 26 de nov."""
    return date_format(timezone.localtime(at), pgettext("day and month, in Django's date format", "M j"))


def figure(value: float | None, unit: str) -> str:
    """A measure's value in its unit (`monitoring.catalogue.Unit`); counts at a glance."""
    if unit in ("count", "tokens"):
        return compact(value)
    return DASH if value is None else units.figure(value, unit)
