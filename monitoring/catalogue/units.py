"""How values are written whose scale nobody knows beforehand: what a regression predicts, what a decision is worth, bytes."""

from collections.abc import Callable
from math import floor, log10
from typing import Final

from django.utils.formats import number_format

SIGNIFICANT = 4
BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
PLAIN = range(-6, 15)  # powers of ten that are written out


def target_figure(value: float) -> str:
    """Four significant digits in the active language, whole numbers whole: 0.001234, 12.34, 1,234,567, 1.234e+20."""
    power = floor(log10(abs(value))) if value else 0
    if power not in PLAIN:
        return f"{value:.{SIGNIFICANT - 1}e}"
    decimals = max(0, SIGNIFICANT - 1 - power)
    return number_format(round(value, decimals), decimal_pos=decimals, use_l10n=True, force_grouping=True)


def value_figure(value: float) -> str:
    """Money, or whatever value is counted in: cents, more digits under ten cents, none from a hundred thousand on."""
    size = abs(value)
    digits = 0 if size >= 100_000 else 2 if size >= 0.1 or not value else 4
    text = number_format(round(value, digits), decimal_pos=digits, use_l10n=True, force_grouping=True)
    return text.replace("-", "−")


def bytes_figure(value: float) -> str:
    """1.9 GB, in powers of a thousand."""
    for size, unit in BYTES:
        if abs(value) >= size:
            return f"{number_format(round(value / size, 1), decimal_pos=1, use_l10n=True)} {unit}"
    return f"{number_format(round(value), decimal_pos=0, use_l10n=True)} B"


WRITERS: Final[dict[str, Callable[[float], str]]] = {
    "target": target_figure,
    "value": value_figure,
    "bytes": bytes_figure,
}
