"""What policies say of a call, as its row keeps it, and the bins that count it. Pure: no Django, no database."""

from collections.abc import Iterable
from enum import StrEnum


class Violation(StrEnum):
    """A limit that one call can break."""

    LATENCY = "latency"
    MODEL = "model"
    PARAMETERS = "parameters"
    CONTEXT = "context"


# Bins of policy-1; ANY counts a call once, however many limits it breaks.
ANY = 0
BINS = {violation: place for place, violation in enumerate(Violation, start=1)}
LETTERS = {violation: violation.value[0] for violation in Violation}
_BY_LETTER = {letter: violation for violation, letter in LETTERS.items()}


def verdict_text(verdicts: Iterable[tuple[str, Iterable[Violation]]]) -> str:
    """What policies say of a call: `slug:letters` each, such as `frugal:lm thorough:`."""
    return " ".join(f"{slug}:{''.join(dict.fromkeys(LETTERS[one] for one in found))}" for slug, found in verdicts)


def verdicts_of(text: str) -> list[tuple[str, list[Violation]]]:
    """(slug, limits broken) of each policy in such a text."""
    parts = (part.partition(":") for part in text.split())
    return [(slug, [_BY_LETTER[letter] for letter in letters]) for slug, _, letters in parts]
