"""How the measures of feedback are computed from a tally. Pure: no Django, no database."""

from monitoring.stats.intervals import Reading, ratio, wilson
from monitoring.stats.layouts import BAD, MILLIONTHS
from monitoring.stats.tally import Subject, Tally


def bad_answer_rate(tally: Tally, subject: Subject) -> Reading:
    """Answers that somebody called bad, among those that somebody judged."""
    rated = tally.cell("rated")
    return ratio(rated.count(BAD), rated.n)


def feedback_score(tally: Tally, subject: Subject) -> Reading:
    """The mean score as a share of the declared range.

    What lies between 0 and 1 varies at most as much as a yes or no of the same mean, so that the Wilson interval holds it:
    three scores of 1.0 are not certain to be the truth.
    """
    scores = tally.cell("feedback_score")
    if scores.n <= 0:
        return Reading(None, 0)
    share = min(max(scores.total / MILLIONTHS / scores.n, 0.0), 1.0)
    low, high = wilson(share * scores.n, scores.n) or (0.0, 1.0)
    return Reading(share, scores.n, low, high)


def feedback_comments(tally: Tally, subject: Subject) -> Reading:
    """Comments that were not taken back; zero is a value."""
    n = tally.cell("feedback_comments").n
    return Reading(float(n), n)


def feedback_unusable(tally: Tally, subject: Subject) -> Reading:
    """Scores that are no number, or outside the declared range: they count nowhere else."""
    n = tally.cell("feedback_unusable").n
    return Reading(float(n), n)
