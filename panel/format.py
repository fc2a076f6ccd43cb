"""Numbers, times and money as the active language writes them. Units are joined by a no-break space.

`None` is always a dash: an unknown figure is not zero.
"""

from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from monitoring.catalogue.units import WRITERS, target_figure

DASH = "—"
NBSP = "\u00a0"
MINUTE, HOUR, DAY = 60, 3_600, 86_400
_SPAN_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s"))


def number(value: float | None, digits: int = 0) -> str:
    """1,204 in English, 1.204 in Portuguese."""
    if value is None:
        return DASH
    quantum = Decimal(1).scaleb(-digits)
    exact = Decimal(str(value)).quantize(quantum, rounding=ROUND_HALF_EVEN)
    return number_format(exact, decimal_pos=digits, use_l10n=True, force_grouping=True)


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as per cent, rounded to the nearest."""
    return _percent(fraction, digits, ROUND_HALF_EVEN)


def percent_exact(fraction: float) -> str:
    """A promise as it was made: 90%, 99.9%, 99.995%."""
    decimals = Decimal(str(fraction)).normalize().as_tuple().exponent
    digits = -decimals - 2 if isinstance(decimals, int) else 0
    return _percent(fraction, max(digits, 0), ROUND_HALF_EVEN)


def ratio(fraction: float | None) -> str:
    """A measured fraction: two decimals under one per cent, where errors live, else one."""
    rare = fraction is not None and 0 < abs(fraction) < 0.01
    return percent(fraction, 2 if rare else 1)


def percent_floor(fraction: float | None, digits: int = 2) -> str:
    """A fraction as per cent, never rounded up: 99.999 % of a promise is not 100 %, and a debt is not smaller."""
    return _percent(fraction, digits, ROUND_FLOOR)


def _percent(fraction: float | None, digits: int, rounding: str) -> str:
    if fraction is None:
        return DASH
    exact = (Decimal(str(fraction)) * 100).quantize(Decimal(1).scaleb(-digits), rounding=rounding)
    text = number_format(exact, decimal_pos=digits, use_l10n=True, force_grouping=True).replace("-", "−")
    return _("%(number)s%%") % {"number": text}


def milliseconds(value: float | None) -> str:
    """412 ms; 1.9 s from a second on."""
    if value is None:
        return DASH
    if value >= 1_000:
        return f"{number(value / 1_000, 1 if value < 100_000 else 0)}{NBSP}s"
    return f"{number(value, 0 if value >= 10 else 1)}{NBSP}ms"


def money(dollars: float | None) -> str:
    """US$ with cents; four digits under ten cents, where a call's cost lives."""
    if dollars is None:
        return DASH
    digits = 2 if dollars == 0 or abs(dollars) >= 0.1 else 4
    return _("US$%(number)s") % {"number": number(dollars, digits)}


def money_exact(dollars: Decimal) -> str:
    """US$ with every digit that is there, at least two."""
    exponent = dollars.normalize().as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    return _("US$%(number)s") % {"number": number_format(dollars, decimal_pos=digits, use_l10n=True)}


def compact(value: float | None) -> str:
    """12.4 k, 3.1 M: for counts that are read at a glance."""
    if value is None:
        return DASH
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scale = 1e3 if unit == "k" else size
            return f"{number(value / scale, 1)}{NBSP}{unit}"
    return number(value)


def score(value: float | None) -> str:
    """0.874: a figure of quality that is no share of anything."""
    return DASH if value is None else number(value, 3)


def target(value: float | None) -> str:
    """A value in the unit of what a regression predicts."""
    return DASH if value is None else target_figure(value)


def rate(per_minute: float | None) -> str:
    """1,204 req/min; one decimal under ten."""
    if per_minute is None:
        return DASH
    digits = 1 if 0 < per_minute < 10 else 0
    unit = _("req/min")
    return f"{number(per_minute, digits)}{NBSP}{unit}"


def speed(per_second: float | None) -> str:
    """63 tokens/s; one decimal under ten."""
    if per_second is None:
        return DASH
    unit = _("tokens/s")
    return f"{number(per_second, 1 if per_second < 10 else 0)}{NBSP}{unit}"


def burn(factor: float | None) -> str:
    """6.2×, how many times faster than the budget allows."""
    if factor is None:
        return DASH
    return f"{number(factor, 1 if abs(factor) < 100 else 0)}×"


def span(value: timedelta | float | None) -> str:
    """A duration in its two largest units: 1 d 23 h, 4 h 50 min, 12 s. Cut, not rounded."""
    if value is None:
        return DASH
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("−", -seconds) if seconds < 0 else ("", seconds)
    for index, (size, unit) in enumerate(_SPAN_UNITS):
        if seconds >= size:
            parts = [f"{seconds // size}{NBSP}{unit}"]
            if index + 1 < len(_SPAN_UNITS):
                smaller, smaller_unit = _SPAN_UNITS[index + 1]
                rest = seconds % size // smaller
                parts += [f"{rest}{NBSP}{smaller_unit}"] if rest else []
            return sign + NBSP.join(parts)
    return f"0{NBSP}s"


def moment(at: datetime | None, *, now: datetime | None = None) -> str:
    """The time alone on the same local day, else day and time."""
    if at is None:
        return DASH
    local = timezone.localtime(at)
    clock_text = date_format(local, "H:i")
    if now is not None and timezone.localtime(now).date() == local.date():
        return clock_text
    day = date_format(local, pgettext("day and month, in Django's date format", "M j"))
    return _("%(day)s, %(time)s") % {"day": day, "time": clock_text}


def figure(value: float | None, unit: str) -> str:
    """A measure's value in its unit (`monitoring.catalogue.Unit`): ratio, score, ms, s, per_minute, per_second, usd, tokens, target, count."""
    if unit in WRITERS:
        return DASH if value is None else WRITERS[unit](value)
    writers = {
        "ratio": ratio,
        "score": score,
        "ms": milliseconds,
        "s": span,
        "per_minute": rate,
        "usd": money,
        "per_second": speed,
    }
    return writers.get(unit, compact)(value)
