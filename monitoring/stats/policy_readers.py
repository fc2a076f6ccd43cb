"""How the measures of policies are computed from a tally. Pure: no Django, no database."""

from monitoring.stats.intervals import Reading, ratio
from monitoring.stats.readers import Reader
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.verdicts import ANY, BINS, Violation


def violation_rate(tally: Tally, subject: Subject) -> Reading:
    """Calls that broke any limit of a policy, among the calls judged; a call counts once per policy."""
    return _rate(tally, ANY)


def rate_of(violation: Violation) -> Reader:
    """The same of one limit."""

    def read(tally: Tally, subject: Subject) -> Reading:
        return _rate(tally, BINS[violation])

    return read


def _rate(tally: Tally, bin_: int) -> Reading:
    cells = [tally.cell("policy", slug) for slug in tally.keys("policy")]
    return ratio(sum(cell.count(bin_) for cell in cells), sum(cell.n for cell in cells))
