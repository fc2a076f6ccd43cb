"""What a model earns: readers of business events, of outcomes' values, and of decisions by a value matrix. Pure.

Sums are whole millionths of whatever unit clients count in. A matrix says what each decision is worth by what was true;
cells of classes that it does not name are worth nobody knows what, and take no part.
"""

from monitoring.stats.estimate import Estimate, Expected, variance_of
from monitoring.stats.estimated import expected_binary
from monitoring.stats.intervals import Z_95, Reading, ratio
from monitoring.stats.layouts import MILLIONTHS
from monitoring.stats.readers import Reader
from monitoring.stats.tally import Confusion, Subject, Tally

ENOUGH = 30  # labels of the week before, to say what is usual


def conversions(tally: Tally, subject: Subject) -> Reading:
    """Converting events; n counts requests."""
    return Reading(float(_converting(tally, subject)), tally.cell("status").n)


def conversion_rate(tally: Tally, subject: Subject) -> Reading:
    """Converting events over requests. More events than requests are no share, and have no interval."""
    events, requests = _converting(tally, subject), tally.cell("status").n
    return ratio(events, requests) if events <= requests else Reading(events / requests if requests else None, requests)


def _converting(tally: Tally, subject: Subject) -> int:
    events = tally.cell("business")
    return events.n if subject.converting is None else events.count(*subject.converting)


def revenue(tally: Tally, subject: Subject) -> Reading:
    """The values of business events together; no data where none has one."""
    worth = tally.cell("business_value")
    return Reading(worth.total / MILLIONTHS if worth.n else None, worth.n)


def value_per_request(tally: Tally, subject: Subject) -> Reading:
    """Revenue over requests."""
    worth, requests = tally.cell("business_value"), tally.cell("status").n
    return Reading(worth.total / MILLIONTHS / requests if worth.n and requests else None, requests)


def realised_value(tally: Tally, subject: Subject) -> Reading:
    """The values that outcomes told of the predictions of the window."""
    worth = tally.cell("outcome_value")
    return Reading(worth.total / MILLIONTHS if worth.n else None, worth.n)


def matrix_value(tally: Tally, subject: Subject) -> Reading:
    """What labelled decisions were worth by the matrix; n counts those that it knows."""
    if subject.worth is None:
        return Reading(None, 0)
    cells = {codes: count for codes, count in Confusion.of(tally).cells.items() if codes in subject.worth.cells}
    n = sum(cells.values())
    return Reading(sum(count * subject.worth.cells[codes] for codes, count in cells.items()) if n else None, n)


def estimated_value(tally: Tally, subject: Subject) -> Reading:
    """What the decisions are expected to be worth: the matrix over the expected cells, with the estimate's interval."""
    found = estimate_of_value(tally, subject)
    if found.value is None:
        return Reading(None, found.n)
    half = Z_95 * found.error
    return Reading(found.value, found.n, found.value - half, found.value + half)


def estimate_of_value(tally: Tally, subject: Subject) -> Estimate:
    """The value as a linear function of who is positive, and so with the error that the estimate has for it."""
    binary = subject.worth.binary if subject.worth else None
    expected = expected_binary(tally, subject) if binary else None
    if binary is None or expected is None or not expected.n:
        return Estimate(None, 0.0, 0)
    tp, fp, fn, tn = binary
    cells = expected.cells
    value = tp * cells.tp + fp * cells.fp + fn * cells.fn + tn * cells.tn
    return Estimate(value, _error(expected, tp - fp, fn - tn), expected.n)


def _error(expected: Expected, if_positive: float, if_negative: float) -> float:
    return float(variance_of(expected, if_positive, if_negative) ** 0.5)


def per_hour(read: Reader) -> Reader:
    """The same, per hour of the window."""

    def hourly(tally: Tally, subject: Subject) -> Reading:
        found, hours = read(tally, subject), (tally.end - tally.start).total_seconds() / 3_600
        parts = (None if part is None or not hours else part / hours for part in (found.value, found.low, found.high))
        value, low, high = parts
        return Reading(value, found.n, low, high)

    return hourly


def money_at_risk(tally: Tally, subject: Subject) -> Reading:
    """What the decisions of the window would have been worth at the rate of the week before, less what they are worth.

    Per window; positive is lost. By the estimate where there is one, else by the labelled decisions scaled up to all.
    """
    usual = subject.usual(tally.start)
    worth = worth_of_decisions(tally, subject)
    if usual is None or worth is None:
        return Reading(None, 0)
    value, decisions, n = worth
    return Reading(usual * decisions - value, n)


def worth_of_decisions(tally: Tally, subject: Subject) -> tuple[float, int, int] | None:
    """(what the decisions are worth, how many, how many that rests on)."""
    found = estimate_of_value(tally, subject)
    if found.value is not None:
        return found.value, found.n, found.n
    realised, decisions = matrix_value(tally, subject), tally.cell("decision").n
    if realised.value is None:
        return None
    return realised.value / realised.n * decisions, decisions, realised.n
