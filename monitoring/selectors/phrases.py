"""What people type to find texts: words, "a phrase", begin*, -without. Both databases see the same words.

A word is a run of letters and digits; case and accents do not matter. What else stands between them only parts them, so
that an id, an address or a path is a phrase.
"""

import re
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

MAX_PHRASES: Final = 20
MAX_LENGTH: Final = 1_000
WORD: Final = re.compile(r"[^\W_]+")
PART: Final = re.compile(r'(-?)"([^"]*)"|(-?)(\S+)')


class QueryError(ValueError):
    """A search that cannot be made; the message says how to mend it."""


class Phrase(NamedTuple):
    """Words that follow each other; the last one may be the beginning of a word."""

    words: tuple[str, ...]
    begins: bool = False
    excluded: bool = False


def phrase(text: str) -> Phrase | None:
    """A text as the words in it; None where it has none."""
    words = tuple(WORD.findall(text))
    return Phrase(words) if words else None


def read_query(text: str) -> list[Phrase]:
    """The phrases of a search, all of which must be there; `QueryError` if it names nothing to look for."""
    if len(text) > MAX_LENGTH:
        raise QueryError(_("The search is too long: at most %(limit)s characters.") % {"limit": MAX_LENGTH})
    if text.count('"') % 2:
        raise QueryError(_("A quotation mark is not closed. Write a phrase between two of them."))
    found = []
    for minus, quoted, other_minus, word in PART.findall(text):
        words = tuple(WORD.findall(quoted or word))
        if words:
            found.append(Phrase(words, not quoted and word.endswith("*"), bool(minus or other_minus)))
    if not any(not one.excluded for one in found):
        raise QueryError(_("Write at least one word to look for; a minus only leaves lines out."))
    if len(found) > MAX_PHRASES:
        raise QueryError(_("The search has too many words: at most %(limit)s.") % {"limit": MAX_PHRASES})
    return found


def for_fts5(phrases: list[Phrase]) -> str:
    """The search in the language of SQLite's FTS5."""
    wanted = " AND ".join(_fts5(one) for one in phrases if not one.excluded)
    unwanted = " OR ".join(_fts5(one) for one in phrases if one.excluded)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _fts5(one: Phrase) -> str:
    return f'"{" ".join(one.words)}"' + (" *" if one.begins else "")


def for_tsquery(phrases: list[Phrase]) -> str:
    """The search in the language of PostgreSQL's `to_tsquery`, to be folded as the texts are."""
    return " & ".join(("!" if one.excluded else "") + f"({_tsquery(one)})" for one in phrases)


def _tsquery(one: Phrase) -> str:
    return " <-> ".join(f"'{word}'" for word in one.words) + (":*" if one.begins else "")
