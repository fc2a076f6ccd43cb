"""Error budgets and burn rates in closed form. Pure: no Django, no database.

Source: Google, The Site Reliability Workbook, chapter 5, "Alerting on SLOs". With target T, budget b = 1 - T, factor k,
long window L, short window S, period P (all in seconds) and a constant error rate e from a clean start. Comparisons
are strict: a burn rate must be above the factor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
WORKBOOK_PERIOD: Final = 30 * DAY
# (share of the budget, long window, short window, severity): the table of the Workbook for 30 days.
WORKBOOK: Final = (
    (0.02, 1 * HOUR, 5 * MINUTE, "page"),
    (0.05, 6 * HOUR, 30 * MINUTE, "page"),
    (0.10, 1 * DAY, 2 * HOUR, "ticket"),
    (0.10, 3 * DAY, 6 * HOUR, "ticket"),
)
DECIMALS: Final = 12  # of shares that people write
SHORTEST_UNSCALED: Final = 28 * DAY


@dataclass(frozen=True, slots=True)
class Guard:
    """Bad events that the long and the short window of a pair must hold before it may fire: one failure of few requests
    is a high rate, and no outage (docs/decisions/0035).
    """

    long: int = 3
    short: int = 2


GUARD: Final = Guard()


@dataclass(frozen=True, slots=True)
class Pair:
    """Alert when the burn rates over both windows are above the factor."""

    long_s: int
    short_s: int
    factor: float
    severity: str


def allowance(target: float) -> float:
    """The share that may be bad: of 0.999 it is 0.001, as whoever wrote it meant, and not 0.0010000000000000009."""
    return round(1 - target, DECIMALS) or 1 - target


def burn_rate(bad: float, valid: float, target: float) -> float | None:
    """How many times as fast as planned the budget is spent; None without events."""
    return None if valid <= 0 else (bad / valid) / allowance(target)


def budget_left(bad: float, valid: float, target: float) -> float | None:
    """Share of the budget that is left over a window: 1 untouched, 0 spent, negative overspent; None without events.

    What is spent to the last event is 0, whatever a float makes of it.
    """
    spent = burn_rate(bad, valid, target)
    return None if spent is None else round(1 - spent, DECIMALS)


def factor_for(share: float, window: float, period: float) -> float:
    """The burn rate that spends `share` of the period's budget in `window`: k = p·P/W."""
    return share * period / window


def detection_time(error_rate: float, target: float, factor: float, long: float) -> float | None:
    """Seconds until a constant error rate is noticed: k·b·L/e; None when it never is."""
    if error_rate <= factor * allowance(target):
        return None
    return factor * allowance(target) * long / error_rate


def reset_time(error_rate: float, target: float, factor: float, short: float) -> float | None:
    """Seconds until the alert ends once the errors have stopped: S·(1 - k·b/e); None when it never fired."""
    if error_rate <= factor * allowance(target):
        return None
    return short * (1 - factor * allowance(target) / error_rate)


def spent_at_detection(factor: float, long: float, period: float) -> float:
    """Share of the budget gone when the alert fires, whatever the error rate: k·L/P."""
    return factor * long / period


def exhausts_in(left: float, burn: float | None, window: float) -> float | None:
    """Seconds until the budget is gone at this burn rate: window × left ÷ burn; 0 when it is gone, None when it lasts."""
    if left <= 0:
        return 0.0
    return window * left / burn if burn else None


def reachable(factor: float, target: float) -> bool:
    """Whether an alert can fire at all: the highest possible burn rate is 1/b, so k·b < 1 must hold."""
    return factor * allowance(target) < 1


def highest_factor(target: float) -> float:
    """A factor that still fires when 60 % of the events are bad: the proposal for a factor that never could."""
    return int(6 / allowance(target) + 1e-9) / 10


@cache
def standard_pairs(period: float, target: float | None = None) -> tuple[Pair, ...]:
    """The Workbook's table for a period: the same shares of the budget, k = p·P/W, strongest first.

    Periods under 28 days scale the windows too (to whole minutes), or the factors would fall under 1. With a target,
    pairs that could never fire are brought down to the highest factor that can.
    """
    scale = min(1.0, period / WORKBOOK_PERIOD) if period < SHORTEST_UNSCALED else 1.0
    pairs = []
    for share, long, short, severity in WORKBOOK:
        long_s, short_s = (max(1, round(window * scale / MINUTE)) * MINUTE for window in (long, short))
        factor = factor_for(share, long_s, period)
        if target is not None and not reachable(factor, target):
            factor = highest_factor(target)
        pairs.append(Pair(long_s, short_s, factor, severity))
    return tuple(pairs)


def spans(pairs: Sequence[Pair]) -> list[int]:
    """Every window of the pairs, in seconds, shortest first."""
    return sorted({seconds for pair in pairs for seconds in (pair.long_s, pair.short_s)})


def span_label(seconds: float) -> str:
    """A window as engineers write it: 5m, 1h, 3d."""
    whole = round(seconds)
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if whole >= unit and whole % unit == 0:
            return f"{whole // unit}{name}"
    return f"{whole}s"
