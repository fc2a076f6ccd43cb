"""How a value is written, by its unit and in the active language: the same on pages, in messages, in reviews and in reasons.

Signs stand before everything, units after a no-break space. What is unknown is not written here: each reader has its own
word for it.
"""

from collections.abc import Callable
from math import floor, log10
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

NBSP: Final = "\u00a0"
SIGNIFICANT = 4
BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
PLAIN = range(-6, 15)  # powers of ten that are written out
TENTH_OF_CENT = 0.001


def number(value: float, digits: int = 0) -> str:
    """1,204 in English, 1.204 in Portuguese; −3, and never −0."""
    rounded = round(value, digits) or 0
    return number_format(rounded, decimal_pos=digits, use_l10n=True, force_grouping=True).replace("-", "−")


def ratio(fraction: float) -> str:
    """Per cent: two decimals under one per cent, where errors live, else one."""
    return _("%(number)s%%") % {"number": number(fraction * 100, 2 if 0 < abs(fraction) < 0.01 else 1)}


def score(value: float) -> str:
    """0.874: a figure of quality that is no share of anything."""
    return number(value, 3)


def milliseconds(value: float) -> str:
    """412 ms; 1.9 s from a second on."""
    if abs(value) >= 1_000:
        return f"{number(value / 1_000, 1 if abs(value) < 100_000 else 0)}{NBSP}s"
    return f"{number(value, 0 if abs(value) >= 10 else 1)}{NBSP}ms"


def span(seconds: float) -> str:
    """A duration in its two largest units: 1 d 23 h, 4 h 50 min, 12 s. Cut, not rounded."""
    sign, rest = "−" if seconds <= -1 else "", int(abs(seconds))
    for (size, unit), (smaller, smaller_unit) in zip(SPANS, (*SPANS[1:], (1, "")), strict=True):
        if rest >= size:
            parts = [f"{rest // size}{NBSP}{unit}"]
            part = rest % size // smaller
            return sign + NBSP.join([*parts, f"{part}{NBSP}{smaller_unit}"] if part else parts)
    return f"0{NBSP}s"


def money(dollars: float) -> str:
    """US$ with cents; four digits under ten cents, and three that count under a tenth of one, where a call's cost lives."""
    size = abs(dollars)
    digits = 2 if not size or size >= 0.1 else 4 if size >= TENTH_OF_CENT else min(12, 2 - floor(log10(size)))
    return ("−" if dollars < 0 else "") + _("US$%(number)s") % {"number": number(size, digits)}


def rate(per_minute: float) -> str:
    """1,204 req/min; one decimal under ten."""
    unit = _("req/min")
    return f"{number(per_minute, 1 if 0 < abs(per_minute) < 10 else 0)}{NBSP}{unit}"


def speed(per_second: float) -> str:
    """63 tokens/s; one decimal under ten."""
    unit = _("tokens/s")
    return f"{number(per_second, 1 if abs(per_second) < 10 else 0)}{NBSP}{unit}"


def target_figure(value: float) -> str:
    """Four significant digits in the active language, whole numbers whole: 0.001234, 12.34, 1,234,567, 1.234e+20."""
    power = floor(log10(abs(value))) if value else 0
    if power not in PLAIN:
        return f"{value:.{SIGNIFICANT - 1}e}".replace("-", "−", int(value < 0))
    return number(value, max(0, SIGNIFICANT - 1 - power))


def value_figure(value: float) -> str:
    """Money, or whatever value is counted in: cents, more digits under ten cents, none from a hundred thousand on."""
    return number(value, value_places(value))


def in_unit(figure: str, unit: str) -> str:
    """A figure of value with what it is counted in, if anybody said: −US$15.88, 12.00 points."""
    if not unit:
        return figure
    if unit[-1].isalnum():
        return f"{figure}{NBSP}{unit}"
    sign, number = ("−", figure[1:]) if figure.startswith("−") else ("", figure)
    return sign + _("%(symbol)s%(number)s") % {"symbol": unit, "number": number}


def value_places(value: float) -> int:
    """How many digits after the point it is written with."""
    size = abs(value)
    return 0 if size >= 100_000 else 2 if size >= 0.1 or not value else 4


def bytes_figure(value: float) -> str:
    """1.9 GB, in powers of a thousand."""
    for size, unit in BYTES:
        if abs(value) >= size:
            return f"{number(value / size, 1)}{NBSP}{unit}"
    return f"{number(value)}{NBSP}B"


WRITERS: Final[dict[str, Callable[[float], str]]] = {
    "ratio": ratio,
    "score": score,
    "ms": milliseconds,
    "s": span,
    "per_minute": rate,
    "per_second": speed,
    "usd": money,
    "tokens": number,
    "count": number,
    "target": target_figure,
    "value": value_figure,
    "bytes": bytes_figure,
}


def figure(value: float, unit: str) -> str:
    """A measure's value in its unit (`monitoring.catalogue.Unit`)."""
    return WRITERS[unit](value)
