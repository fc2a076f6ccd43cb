"""How each kind judges an answer: settings in, a function out, made once and asked of every call."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec
import re2

from monitoring.llm.evaluators.answer import Answer, encodable, source_of
from monitoring.llm.evaluators.refusals import BEGINNING, PHRASES
from monitoring.llm.evaluators.settings import (
    Json,
    Length,
    Overlap,
    Pattern,
    PersonalData,
    Refusal,
    Terms,
    compile_pattern,
    read_settings,
)
from monitoring.llm.evaluators.verdicts import Verdict, passed_if

# None where the answer cannot be judged: that is no failure.
Judge = Callable[[Answer], Verdict | None]
WORD: Final = re.compile(r"\w+")
FENCE: Final = re.compile(r"\A\s*```\w*\n(.*?)\n?```\s*\Z", re.DOTALL)
FOUND: Final = 80  # characters of what was found
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode


def judge_of(kind: str, settings: Any) -> Judge:
    """The judge of a kind with these settings; `SettingsError` if they can judge nothing."""
    read_settings(kind, settings)
    return _made(kind, _encode(settings))


@lru_cache(maxsize=1_024)
def _made(kind: str, settings: bytes) -> Judge:
    """Patterns are compiled once, not with every batch."""
    return _MAKERS[kind](read_settings(kind, _decode(settings)))


def _pattern(given: Pattern) -> Judge:
    wanted = compile_pattern(given.must_match) if given.must_match else None
    unwanted = compile_pattern(given.must_not_match) if given.must_not_match else None

    def judge(answer: Answer) -> Verdict | None:
        if unwanted is not None and (found := unwanted.search(answer.text)) is not None:
            return passed_if(False, "match", found.group(0)[:FOUND])
        return passed_if(wanted is None or wanted.search(answer.text) is not None, "no_match")

    return judge


def _terms(given: Terms) -> Judge:
    every = [(word, _phrases([word])) for word in given.all]
    some = _phrases(given.any) if given.any else None
    none = _phrases(given.none) if given.none else None

    def judge(answer: Answer) -> Verdict | None:
        text = answer.text
        if none is not None and (found := none.search(text)) is not None:
            return passed_if(False, "forbidden_words", found.group(1)[:FOUND])
        if missing := [word for word, one in every if one.search(text) is None]:
            return passed_if(False, "missing_words", ", ".join(missing))
        return passed_if(some is None or some.search(text) is not None, "missing_words", " | ".join(given.any))

    return judge


def _phrases(words: Iterable[str]) -> "re2._Regexp":
    """Any of them, as whole words in any case; group 1 is what was found."""
    either = "|".join(re2.escape(encodable(word)) for word in words)
    return compile_pattern(rf"(?i)(?:^|[^\pL\pN_])({either})(?:$|[^\pL\pN_])")


def _json(given: Json) -> Judge:
    keys = given.keys

    def judge(answer: Answer) -> Verdict | None:
        if not answer.whole:
            return None
        text = answer.text
        if given.fenced and (block := FENCE.match(text)) is not None:
            text = block[1]
        try:
            found = _decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            return passed_if(False, "not_json", str(error))
        if not keys:
            return passed_if(True, "")
        if not isinstance(found, dict):
            return passed_if(False, "not_an_object")
        missing = [key for key in keys if key not in found]
        return passed_if(not missing, "missing_keys", ", ".join(missing))

    return judge


def _length(given: Length) -> Judge:
    least = 0 if given.min is None else given.min
    most = given.max

    def judge(answer: Answer) -> Verdict | None:
        if not answer.whole:
            return None
        size = len(answer.text) if given.unit == "characters" else sum(1 for _ in WORD.finditer(answer.text))
        if size < least:
            return passed_if(False, "too_short", f"{size} < {least}")
        return passed_if(most is None or size <= most, "too_long", f"{size} > {most}")

    return judge


def _no_refusal(given: Refusal) -> Judge:
    phrases = _phrases([*PHRASES, *given.phrases])

    def judge(answer: Answer) -> Verdict | None:
        found = phrases.search(answer.text[:BEGINNING].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
        return passed_if(found is None, "refusal", "" if found is None else found.group(1)[:FOUND])

    return judge


def _overlap(given: Overlap) -> Judge:
    length = given.words

    def judge(answer: Answer) -> Verdict | None:
        source = source_of(answer.said, context_only=given.source == "context")
        mine = _runs(answer.text, length)
        if source is None or not mine:
            return None
        known = _runs(source, length).keys()
        total = sum(mine.values())
        share = sum(times for run, times in mine.items() if run in known) / total
        return passed_if(share >= given.at_least, "little_overlap", f"{share:.3f} < {given.at_least:g}", score=share)

    return judge


def _runs(text: str, length: int) -> Counter[Any]:
    """How often each run of so many words is there, in any case."""
    words = WORD.findall(text.casefold())
    return Counter(words) if length == 1 else Counter(zip(*(words[place:] for place in range(length)), strict=False))


def _no_personal_data(given: PersonalData) -> Judge:
    allowed = frozenset(given.allow)

    def judge(answer: Answer) -> Verdict | None:
        found = [name for name in answer.detect(answer.text) if name not in allowed]
        return passed_if(not found, "personal_data", ", ".join(found))

    return judge


_MAKERS: Final[dict[str, Callable[[Any], Judge]]] = {
    "pattern": _pattern,
    "words": _terms,
    "json": _json,
    "length": _length,
    "no_refusal": _no_refusal,
    "overlap": _overlap,
    "no_personal_data": _no_personal_data,
}
