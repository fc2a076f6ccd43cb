"""Levels of log lines: one word for each, whatever a library calls it. Pure.

The order and the numbers of OpenTelemetry are those of its log data model (severity number), those of Python of `logging`,
those of pino and bunyan of their documentation.
"""

from collections.abc import Mapping
from typing import Final

LEVELS: Final = ("trace", "debug", "info", "warning", "error", "critical")
ERRORS: Final = ("error", "critical")
# Bins of the layout `log-level-1`; a word of somebody's own has no place in the order.
LEVEL_CODES: Final = {level: code for code, level in enumerate(LEVELS, start=1)}
OTHER_LEVEL: Final = 0
ERROR_CODES: Final = tuple(LEVEL_CODES[level] for level in ERRORS)
# What is the same level under another name.
SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "trace": ("finest", "finer"),
    "debug": ("verbose", "fine"),
    "info": ("information", "informational"),
    "warning": ("warn",),
    "error": ("err", "exception", "severe"),
    "critical": ("fatal", "crit", "emergency", "emerg", "alert", "panic"),
}
# What is close to a level and says more than it: the word is kept beside it.
NEAR: Final[Mapping[str, str]] = {"success": "info", "notice": "info"}
SAME: Final[Mapping[str, str]] = {spelling: level for level, words in SPELLINGS.items() for spelling in words}
_PYTHON: Final = ((50, "critical"), (40, "error"), (30, "warning"), (20, "info"), (10, "debug"), (0, "trace"))
_PINO: Final = ((60, "critical"), (50, "error"), (40, "warning"), (30, "info"), (20, "debug"), (0, "trace"))
_OPENTELEMETRY: Final = ((21, "critical"), (17, "error"), (13, "warning"), (9, "info"), (5, "debug"), (1, "trace"))
SCALES: Final = {"python": _PYTHON, "pino": _PINO, "opentelemetry": _OPENTELEMETRY}


def canon(word: str) -> str:
    """The level that a word means; a word of somebody's own stays, in small letters."""
    small = word.strip().lower()
    return SAME.get(small) or NEAR.get(small) or small


def is_near(word: str) -> bool:
    """Whether the word says more than its level does."""
    return word.strip().lower() in NEAR


def at_least(level: str) -> tuple[str, ...]:
    """The levels from this one up; itself alone where it has no place in the order."""
    return LEVELS[LEVELS.index(level) :] if level in LEVELS else (level,)


def of_number(number: float, scale: str) -> str:
    """The level that a number means on a scale of SCALES: the highest that it reaches."""
    return next((level for least, level in SCALES[scale] if number >= least), SCALES[scale][-1][1])
