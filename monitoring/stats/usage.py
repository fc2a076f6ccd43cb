"""How the measures of LLM calls are computed from a tally: money, sizes, finish reasons. Pure: no Django, no database."""

from math import sqrt

from monitoring.stats.intervals import Z_95, Reading, ratio
from monitoring.stats.layouts import (
    ALPHA,
    FINISH_CODES,
    OURS_HIGHER,
    OURS_LOWER,
    PRICED,
    REPORTED_ONLY,
    UNPRICED,
    USAGE_MISMATCH,
    log_value,
)
from monitoring.stats.projection import Projection, project_month
from monitoring.stats.readers import US_PER_MS, Reader, percentile
from monitoring.stats.tally import Subject, Tally

NANO = 1_000_000_000
ENOUGH = 30  # calls, for the mean of their costs to have an interval
INPUT_KEYS = ("input", "cached_input", "cache_write", "audio_input")
REFUSED, UNKNOWN = FINISH_CODES["content_filter"], FINISH_CODES[""]
KNOWN = sorted(code for name, code in FINISH_CODES.items() if name)


def cost_usd(tally: Tally, subject: Subject) -> Reading:
    """US dollars by our prices; of calls without a price what the client reported. n: calls whose cost is known."""
    nano, n = cost_nano(tally)
    return Reading(nano / NANO if n else None, n)


def cost_reported_usd(tally: Tally, subject: Subject) -> Reading:
    """US dollars as the clients reported them; n is the number of calls with a reported cost."""
    cost = tally.cell("reported_cost")
    return Reading(cost.total / NANO if cost.n else None, cost.n)


def projected_month_usd(tally: Tally, subject: Subject) -> Reading:
    """The month that the window ends in, in US dollars, when it is over; n: calls whose cost is known."""
    found = projection(tally)
    n = tally.cell("day_cost").n
    return Reading(found.value, n, found.low, found.high) if found else Reading(None, n)


def projection(tally: Tally) -> Projection | None:
    """The same with what is spent and on how many days it rests."""
    cell = tally.cell("day_cost")
    days = zip(cell.bins.tolist(), cell.counts.tolist(), strict=True)
    return project_month({day: nano / NANO for day, nano in days}, start=tally.start, end=tally.end)


def cost_per_request(tally: Tally, subject: Subject) -> Reading:
    """Mean US dollars over the calls whose cost is known; from 30 on with the interval of a mean by its standard error.

    How costs scatter is read from their histograms, whose values are within 1 %: that much is added.
    """
    nano, n = cost_nano(tally)
    if n <= 0:
        return Reading(None, 0)
    mean = nano / n
    if n < ENOUGH:
        return Reading(mean / NANO, n)
    half = Z_95 * sqrt((_scatter(tally, mean) + (ALPHA * mean) ** 2) / n)
    return Reading(mean / NANO, n, max(mean - half, 0.0) / NANO, (mean + half) / NANO)


def _scatter(tally: Tally, mean: float) -> float:
    """The variance of the costs of calls, in nano-USD squared."""
    cells = [tally.cell("cost"), tally.cell("fallback_cost")]
    pairs = [
        (log_value(int(bin_)), int(times)) for cell in cells for bin_, times in zip(cell.bins, cell.counts, strict=True)
    ]
    n = sum(times for _value, times in pairs)
    return sum(times * (value - mean) ** 2 for value, times in pairs) / (n - 1) if n > 1 else 0.0


def cost_difference_usd(tally: Tally, subject: Subject) -> Reading:
    """Our cost less the client's own, in US dollars, over the calls that have both."""
    ours, reported, alone = (tally.cell(name) for name in ("compared_cost", "reported_cost", "fallback_cost"))
    return Reading((ours.total - (reported.total - alone.total)) / NANO if ours.n else None, ours.n)


def cost_disagreement_rate(tally: Tally, subject: Subject) -> Reading:
    """Calls whose own figure is more than 10 % off ours, among those that have both."""
    compared = tally.cell("compared")
    return ratio(compared.count(OURS_HIGHER, OURS_LOWER), compared.n)


def usage_mismatch_rate(tally: Tally, subject: Subject) -> Reading:
    """Calls whose token counts contradict each other, among the calls that report some."""
    usage = tally.cell("usage")
    return ratio(usage.count(USAGE_MISMATCH), usage.n)


def tool_call_rate(tally: Tally, subject: Subject) -> Reading:
    """Calls that used tools, among calls."""
    return ratio(tally.cell("tool_use").n, tally.cell("status").n)


def tool_calls_per_call(tally: Tally, subject: Subject) -> Reading:
    """Mean number of tool calls of the calls that list some."""
    cell = tally.cell("tool_calls")
    return Reading(cell.total / cell.n if cell.n else None, cell.n)


def unpriced_rate(tally: Tally, subject: Subject) -> Reading:
    """Calls without a price of ours, among the calls that have something to price."""
    pricing = tally.cell("pricing")
    unpriced = pricing.count(REPORTED_ONLY, UNPRICED)
    return ratio(unpriced, unpriced + pricing.count(PRICED))


def cached_share(tally: Tally, subject: Subject) -> Reading:
    """Input tokens read from the provider's cache, among input tokens. Tokens of a call belong together: no interval."""
    totals = {key: tally.cell("tokens", key).total for key in INPUT_KEYS}
    total = sum(totals.values())
    return Reading(totals["cached_input"] / total if total else None, tally.cell("input_size").n)


def refusal_rate(tally: Tally, subject: Subject) -> Reading:
    """Calls that ended with finish reason `content_filter`, among those whose finish reason is known."""
    finish = tally.cell("finish")
    return ratio(finish.count(REFUSED), finish.count(*KNOWN))


def finish_unknown_rate(tally: Tally, subject: Subject) -> Reading:
    """Calls whose finish reason nobody told, among calls."""
    finish = tally.cell("finish")
    return ratio(finish.count(UNKNOWN), finish.n)


tokens_per_second = percentile("speed", 0.5, per=1_000)
context_use = percentile("context", 0.95, per=1_000_000)


def first_token(q: float) -> Reader:
    """The q-quantile of the time to the first token in ms, of the calls that tell it."""
    return percentile("ttft", q, per=US_PER_MS)


def cost_nano(tally: Tally) -> tuple[int, int]:
    """(nano-USD, calls whose cost is known): by our price, else as the client reports it."""
    ours, reported = tally.cell("cost"), tally.cell("fallback_cost")
    return ours.total + reported.total, ours.n + reported.n
