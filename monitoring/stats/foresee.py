"""What a pair or a threshold will do, in closed form, before anybody saves it. Pure: no Django, no database.

An outage makes a constant share `e` of the events bad, from a clean start. The closed forms are those of `burn`; here they
meet traffic: a guard waits for its bad events, of which e·λ come a second. What has to be asked first adds up to one
evaluation interval, and is not in these figures.
"""

from dataclasses import dataclass
from typing import Final, Literal

from monitoring.stats.burn import (
    HOUR,
    Guard,
    Pair,
    allowance,
    detection_time,
    highest_factor,
    reachable,
    reset_time,
)

OUTAGES: Final = (1.0, 0.1, 0.01)
# Long windows to choose from for a factor that could never fire; the short one is a twelfth.
LADDER: Final = tuple(hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168))
TWELFTH: Final = 12
Never = Literal["", "small", "guard"]  # the outage is below the limit; too few events come for the guard


@dataclass(frozen=True, slots=True)
class Clocks:
    """`for` and `keep_firing_for`, in seconds."""

    hold_s: float = 0.0
    keep_s: float = 0.0


ATONCE: Final = Clocks()


@dataclass(frozen=True, slots=True)
class Outage:
    """An outage of this `share`: seconds until it is noticed and until the alert ends after it, and the share of the
    period's budget spent when it is noticed. None where it is never noticed, with the cause in `never`.
    """

    share: float
    detected_s: float | None
    reset_s: float | None
    spent: float | None
    never: Never = ""


def foresee_pair(
    pair: Pair,
    target: float,
    period: float,
    share: float,
    *,
    guard: Guard | None = None,
    per_second: float | None = None,
    clocks: Clocks = ATONCE,
) -> Outage:
    """What a pair makes of an outage: max(k·b·L/e, events of the guard ÷ e·λ) + `for`, and min(S·(1 - k·b/e), S - its events ÷
    e·λ) + keep_firing_for. `guard` and `per_second` (λ) are left out where no traffic is known. The guard's part is a mean.
    """
    detected = detection_time(share, target, pair.factor, pair.long_s)
    reset = reset_time(share, target, pair.factor, pair.short_s)
    if detected is None or reset is None:
        return Outage(share, None, None, None, "small")
    if guard is not None and per_second is not None:
        bad = share * per_second
        if bad * pair.long_s < guard.long or bad * pair.short_s < guard.short:
            return Outage(share, None, None, None, "guard")
        if bad > 0:
            detected = max(detected, guard.long / bad, guard.short / bad)
            reset = min(reset, pair.short_s - guard.short / bad)
    detected, reset = detected + clocks.hold_s, reset + clocks.keep_s
    return Outage(share, detected, reset, share * detected / (allowance(target) * period))


def foresee_threshold(
    limit: float,
    window: float,
    share: float,
    *,
    usual: float = 0.0,
    recovery: float | None = None,
    minimum: int = 0,
    per_second: float | None = None,
    clocks: Clocks = ATONCE,
) -> Outage:
    """What a threshold on a share of bad events makes of an outage, from its `usual` share r: the window fills with the
    outage, so it is noticed after W·(θ - r)/(e - r) + `for`, and ends W·(e - θ)/(e - r) + keep_firing_for after it, θ being
    where it recovers. An outage outlasts the window. Fewer events than the minimum in a window are never judged.
    """
    if per_second is not None and per_second * window < minimum:
        return Outage(share, None, None, None, "guard")
    if share <= limit or share <= usual:
        return Outage(share, None, None, None, "small")
    back = limit if recovery is None else recovery
    detected = window * max(0.0, limit - usual) / (share - usual)
    reset = min(window, window * (share - back) / (share - usual))
    return Outage(share, detected + clocks.hold_s, reset + clocks.keep_s, None)


def feasible(pair: Pair, target: float) -> Pair:
    """The pair itself if it can fire; else the shortest windows over which the same share of the budget (k·L/P) is a factor
    that can, or, where no window is long enough, the highest factor that can over the longest.
    """
    if reachable(pair.factor, target):
        return pair
    top = highest_factor(target)
    whole = pair.factor * pair.long_s
    for long_s in LADDER:
        if long_s > pair.long_s and whole / long_s <= top:
            return Pair(long_s, long_s // TWELFTH, int(whole / long_s * 100) / 100, pair.severity)
    return Pair(pair.long_s, pair.short_s, top, pair.severity)
