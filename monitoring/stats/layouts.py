"""Names of bin layouts and what their bins mean. A layout never changes: a new meaning gets a new name.

Pure: no Django, no database.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from math import ceil, exp, log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

STATUS: Final = "status-1"
LOG: Final = "log-1"
CATEGORY: Final = "category-1"
CONFUSION: Final = "confusion-1"
FINISH: Final = "finish-1"
FEEDBACK: Final = "feedback-1"
LOG_LEVEL: Final = "log-level-1"  # log lines by their level; see `monitoring.stats.log_levels`
PRICING: Final = "pricing-1"
USAGE: Final = "usage-1"
POLICY: Final = "policy-1"  # see `monitoring.stats.verdicts`
EVALUATION: Final = "evaluation-1"  # answers that an evaluator judged; totals are scores in millionths
COMPARED: Final = "compared-1"  # our cost with the client's own
RATED: Final = "rated-1"  # answers that somebody judged
UNIT: Final = "unit-1"  # what lies between 0 and 1, by the hundredth; totals are in millionths
COUNT: Final = "count-1"  # a number of things, without bins
DAYS: Final = "days-1"  # days since the epoch, UTC; what is counted is nano-USD
WORDS: Final = "words-1"  # codes of words of the metric's own, such as error types
# The histograms of a version's features, one row per hour; the layout names the reference's bins.
FEATURES: Final = "features"
NEWEST: Final = "newest"  # asked for like a metric, but read: the end of the newest minute with a request
PATTERNS: Final = "log_pattern"  # a metric: words are levels and patterns of log lines
HOURLY: Final = frozenset({FEATURES, PATTERNS})  # metrics whose finest bucket is the hour
CLASS_AND_SCORE: Final = "logodds-class-1"  # a class, decided or true, and a score's bin
CLASS_SIDE_SCORE: Final = "logodds-side-1"  # a class, whether it is the one, and the bin of its score
SIDES: Final = {CLASS_AND_SCORE: 1, CLASS_SIDE_SCORE: 2}  # of each class
# Every version is calibrated by itself: where versions are read together, the version's id is the key of its cell.
BY_VERSION: Final = frozenset({"score", "class_score"})
VALUE: Final = "value-1"
RANK: Final = "rank-1"  # length of a list and place of the label in it
SIGNED_LOG: Final = "signed-log-1"
EXPECTED_LOSS: Final = "expected_loss"  # a metric: the layout names the trees of an estimator, its key the estimator
ERROR_SUMS: Final = "error-sums-1"  # sums of floats in limbs, see `monitoring.stats.exact`

STATUS_OK, STATUS_ERROR = 0, 1
FEEDBACK_RATED, FEEDBACK_UP, FEEDBACK_DOWN, FEEDBACK_OTHER = 0, 1, 2, 3
NOT_BAD, BAD = 0, 1
PASSED, FAILED = 0, 1
HUNDREDTHS, MILLIONTHS = 100, 1_000_000
# By our price; as the client reports it, for want of a price; unknown; a failed call without tokens, which has no cost.
PRICED, REPORTED_ONLY, UNPRICED, NOTHING_TO_PRICE = 0, 1, 2, 3
USAGE_WHOLE, USAGE_MISMATCH = 0, 1
AGREES, OURS_HIGHER, OURS_LOWER = 0, 1, 2
DIFFERS_BY: Final = 10  # one part in ten of the client's figure, and at least a millionth of a dollar
FINISH_CODES: Final = {"": 0, "stop": 1, "length": 2, "tool_calls": 3, "content_filter": 4, "error": 5, "other": 6}
FINISH_OTHER: Final = 6


class Value(IntEnum):
    """What a prediction of a number is: bins of value-1."""

    UNLABELLED = 0
    PAIRED = 1
    LABEL_NO_NUMBER = 2
    NO_NUMBER = 3


class ErrorSum(IntEnum):
    """Sums of error-sums-1; PERCENTAGES counts what has one."""

    ERROR = 0
    ABSOLUTE = 1
    SQUARE = 2
    LABEL = 3
    LABEL_SQUARE = 4
    PERCENTAGE = 5
    PERCENTAGE_SQUARE = 6
    PERCENTAGES = 7


class ExpectedLoss(IntEnum):
    """Sums of the losses that trees expect, in quanta: the squares' of SQUARE and VARIANCE (of the absolute losses)."""

    ABSOLUTE = 0
    SQUARE = 1
    VARIANCE = 2


# Class codes: 1 to MAX_CLASSES are given once per model; PAST_CAP collects every class beyond them.
MAX_CLASSES: Final = 1_000
MAX_PATTERNS: Final = 500  # of log lines, once per model or service
MAX_WORDS: Final = 100  # the same of each metric of the layout `words-1`
PAST_CAP: Final = 0
CONFUSION_STRIDE: Final = 4_096
WORD_LENGTH: Final = 200
RANKED: Final = 10  # items of a list that are told apart
RANK_STRIDE: Final = 16

# log-1: the mapping of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with
# relative-error guarantees", VLDB 2019) with alpha = 1 %. Quanta are whole numbers, so bin 0 holds exactly 1
# and bin -1 is free to hold zero.
ALPHA: Final = 0.01
GAMMA: Final = (1 + ALPHA) / (1 - ALPHA)
PER_LOG: Final = 1 / log(GAMMA)
ZERO_BIN: Final = -1


def features_key(version_id: int, reference_id: int) -> str:
    """The key of features: two versions with one reference, or two references of one version, never add up."""
    return f"{version_id}:{reference_id}"


def owner_of_features(key: str) -> tuple[int, int]:
    """(version, reference) of such a key."""
    version_id, _, reference_id = key.partition(":")
    return int(version_id), int(reference_id)


def log_bin(value: int) -> int:
    """The log-1 bin of a whole number of quanta; zero and below share one bin."""
    return ceil(log(value) * PER_LOG) if value > 0 else ZERO_BIN


def log_bins(values: Iterable[int]) -> list[int]:
    """`log_bin` of each value, without the price of a call."""
    return [ceil(log(value) * PER_LOG) if value > 0 else ZERO_BIN for value in values]


def log_value(bin_: int) -> float:
    """The value that stands for a log-1 bin: within ALPHA of everything in it."""
    return 0.0 if bin_ == ZERO_BIN else 2 * GAMMA**bin_ / (GAMMA + 1)


# signed-log-1: the bins of log-1 for magnitudes of any scale on both sides of zero, in the order of their values.
SIGNED_MIDDLE: Final = 16_384


def signed_log_bins(values: Iterable[float]) -> list[int]:
    """The signed-log-1 bin of each number; magnitudes of 1e-100 to 1e100, and zero."""
    logs = (
        0 if value == 0 else (1 if value > 0 else -1) * (SIGNED_MIDDLE + ceil(log(abs(value)) * PER_LOG))
        for value in values
    )
    return list(logs)


def signed_log_value(bin_: int) -> float:
    """The number that stands for a signed-log-1 bin: within ALPHA of everything in it."""
    if bin_ == 0:
        return 0.0
    return (1 if bin_ > 0 else -1) * 2 * GAMMA ** (abs(bin_) - SIGNED_MIDDLE) / (GAMMA + 1)


# Scores in [0, 1] are binned by ln(s / (1 - s)), where ranking needs its detail: near 0 and near 1. Scores nearer to
# an end than e^-12 (6e-6) share the last bin before it; 0 and 1 themselves have bins of their own.
PER_LOGIT: Final = 128
LAST_LOGIT: Final = 12 * PER_LOGIT
CERTAIN: Final = LAST_LOGIT + 1


SCORE_EDGES: Final = np.array([1 / (1 + exp(-place / PER_LOGIT)) for place in range(1 - LAST_LOGIT, LAST_LOGIT)])


def score_bins(scores: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each score in [0, 1]; shape (n,). By table, so that no processor's logarithm moves an edge."""
    given = np.asarray(scores, dtype=np.float64)
    bins = np.searchsorted(SCORE_EDGES, given, side="right") - LAST_LOGIT
    return np.where(given <= 0, -CERTAIN, np.where(given >= 1, CERTAIN, bins)).astype(np.int64)


def score_values(bins: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """The score that stands for each bin: the middle of its log-odds."""
    middle = 1 / (1 + np.exp(-(bins + 0.5) / PER_LOGIT))
    return np.where(bins <= -CERTAIN, 0.0, np.where(bins >= CERTAIN, 1.0, middle))


def score_cells(
    bins: NDArray[np.integer[Any]], sides: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(class codes, sides, score bins) of bins of a layout in SIDES."""
    classes, scores = np.divmod(bins.astype(np.int64), CONFUSION_STRIDE)
    codes, side = np.divmod(classes, sides)
    return codes, side, scores - CONFUSION_STRIDE // 2


def scored_classes(bins: NDArray[np.int64], sides: int = 1) -> NDArray[np.int64]:
    """The class codes of `score_cells` alone."""
    return bins // (CONFUSION_STRIDE * sides)


def of_classes(bins: NDArray[np.int64], further: NDArray[np.int64], sides: int = 1) -> NDArray[np.int64]:
    """The bins of the same scores and sides, of classes so much further on."""
    return bins + further * (CONFUSION_STRIDE * sides)


def scored_bins(
    codes: NDArray[np.int64], scores: NDArray[np.int64], side: NDArray[np.int64] | int = 0, sides: int = 1
) -> NDArray[np.int64]:
    """The inverse of `score_cells`."""
    return (codes * sides + side) * CONFUSION_STRIDE + scores + CONFUSION_STRIDE // 2


def rank_bin(length: int, place: int | None = None) -> int:
    """A list of so many items (at most RANKED) with the label at a place from 1 on; 0: not in it; None: not labelled."""
    return length * RANK_STRIDE + (RANK_STRIDE - 1 if place is None else place)


def rank_cell(bin_: int) -> tuple[int, int | None]:
    """The inverse of `rank_bin`."""
    length, place = divmod(bin_, RANK_STRIDE)
    return length, None if place == RANK_STRIDE - 1 else place


def confusion_bin(true_code: int, predicted_code: int) -> int:
    """One cell of the confusion matrix as a bin."""
    return true_code * CONFUSION_STRIDE + predicted_code


def confusion_cell(bin_: int) -> tuple[int, int]:
    """(true code, predicted code) of a confusion bin."""
    return divmod(bin_, CONFUSION_STRIDE)


def language_model_word(provider: str, model: str) -> str:
    """A language model of a provider as one word: `provider/model`; empty where no model is named."""
    return f"{provider}/{model}"[:WORD_LENGTH] if model and (provider or "/" in model) else model


def language_model_of(word: str) -> tuple[str, str]:
    """(provider, model) of such a word."""
    provider, slash, model = word.partition("/")
    return (provider, model) if slash else ("", word)
