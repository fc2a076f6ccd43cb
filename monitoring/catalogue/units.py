"""How a value in the unit of a regression's target is written: nobody knows its scale beforehand."""

from math import floor, log10

from django.utils.formats import number_format

SIGNIFICANT = 4
PLAIN = range(-6, 15)  # powers of ten that are written out


def target_figure(value: float) -> str:
    """Four significant digits in the active language, whole numbers whole: 0.001234, 12.34, 1,234,567, 1.234e+20."""
    power = floor(log10(abs(value))) if value else 0
    if power not in PLAIN:
        return f"{value:.{SIGNIFICANT - 1}e}"
    decimals = max(0, SIGNIFICANT - 1 - power)
    return number_format(round(value, decimals), decimal_pos=decimals, use_l10n=True, force_grouping=True)
