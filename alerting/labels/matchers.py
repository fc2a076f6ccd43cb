"""Matchers of labels, as Alertmanager writes, parses and applies them. Pure: no Django, no database.

`name="value"`, `!=`, `=~`, `!~`; a label that is missing is empty; regular expressions match the whole value. They are RE2, as
Alertmanager's are: matching takes time linear in the value, whatever the pattern, and a pattern whose automaton would
be large is refused. Parsing is that of alertmanager/pkg/labels/parse.go, spurious escapes and bare values included.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import re2

MAX_MATCHERS: Final = 64
MAX_VALUE: Final = 4_096
MAX_TEXT: Final = 65_536
MAX_MEMORY: Final = 1 << 20
SPACE: Final = "\t\n\f\r "
# What Go's strings.TrimSpace takes off: Python's own strip would take four separators more.
ALL_SPACE: Final = SPACE + "\v\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_HEAD: Final = re.compile(r"[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*")
_ESCAPES: Final = {"n": "\n", '"': '"', "\\": "\\"}


class Wrong(StrEnum):
    """What is wrong with a matcher; `alerting.labels.validators` has the sentences."""

    FORMAT = "format"
    QUOTE = "quote"
    REGEX = "regex"
    NAME = "name"
    VALUE = "value"
    MANY = "many"
    NONE = "none"
    EMPTY = "empty"


class MatcherError(ValueError):
    """Why matchers were refused, the text they were refused for, and what the regular-expression engine said of it."""

    def __init__(self, wrong: Wrong, about: str = "", detail: str = "") -> None:
        super().__init__(f"{wrong}: {about} {detail}".strip())
        self.wrong, self.about, self.detail = wrong, about, detail


class Op(StrEnum):
    """How a value is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison of one label. Made by `matcher`, which refuses what could not be asked."""

    name: str
    op: Op
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the label, empty where it is missing, is as it says."""
        text = labels.get(self.name, "")
        if self.op in (Op.EQUAL, Op.NOT_EQUAL):
            return (text == self.value) == (self.op == Op.EQUAL)
        found = _compiled(self.value).fullmatch(_encodable(text)) is not None
        return found == (self.op == Op.REGEX)

    def __str__(self) -> str:
        value = self.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        return f'{self.name}{self.op}"{value}"'

    def as_json(self) -> dict[str, Any]:
        """As Alertmanager's API writes it."""
        return {
            "name": self.name,
            "value": self.value,
            "isRegex": self.op in (Op.REGEX, Op.NOT_REGEX),
            "isEqual": self.op in (Op.EQUAL, Op.REGEX),
        }


def matcher(name: str, op: Op, value: str) -> Matcher:
    """A matcher that can be asked; `MatcherError` for one that cannot."""
    if not name or len(name) > MAX_VALUE:
        raise MatcherError(Wrong.NAME, name[:80])
    if len(value) > MAX_VALUE:
        raise MatcherError(Wrong.VALUE, name)
    made = Matcher(name, op, value)
    if op in (Op.REGEX, Op.NOT_REGEX):
        _compiled(value)
    return made


def from_json(items: object) -> list[Matcher]:
    """Matchers from the form that Alertmanager's API uses; `isEqual` is true where it is missing."""
    if not isinstance(items, list):
        raise MatcherError(Wrong.FORMAT, str(items)[:80])
    if len(items) > MAX_MATCHERS:
        raise MatcherError(Wrong.MANY)
    return [_from_json(item) for item in items]


def to_json(matchers: Iterable[Matcher]) -> list[dict[str, Any]]:
    """The form in which they are stored."""
    return [one.as_json() for one in matchers]


def parse_matchers(text: str) -> list[Matcher]:
    """`{a="b", c=~"d|e"}`, with or without braces; also one a line, as people write them into forms."""
    if len(text) > MAX_TEXT:
        raise MatcherError(Wrong.VALUE, text[:80])
    found = [parse_matcher(token) for token in _tokens(text.removeprefix("{").removesuffix("}"))]
    if len(found) > MAX_MATCHERS:
        raise MatcherError(Wrong.MANY)
    return found


def parse_lines(text: str) -> list[Matcher]:
    """Every line as `parse_matchers` reads it; empty lines do not count."""
    found = [one for line in text.splitlines() if line.strip() for one in parse_matchers(line.strip())]
    if len(found) > MAX_MATCHERS:
        raise MatcherError(Wrong.MANY)
    return found


def parse_matcher(text: str) -> Matcher:
    """One matcher; its value may stand in double quotes."""
    head = _HEAD.match(text)
    if head is None:
        raise MatcherError(Wrong.FORMAT, text[:80])
    return matcher(head[1], Op(head[2]), _value(text[head.end() :].rstrip(SPACE), text))


def check(matchers: list[Matcher]) -> list[Matcher]:
    """What a silence or one side of an inhibition needs: a matcher at least, and one that an empty label fails."""
    if not matchers:
        raise MatcherError(Wrong.NONE)
    if all(one.matches({}) for one in matchers):
        raise MatcherError(Wrong.EMPTY, ", ".join(map(str, matchers))[:80])
    return matchers


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether every one of them matches."""
    return all(one.matches(labels) for one in matchers)


def _from_json(item: object) -> Matcher:
    if not isinstance(item, Mapping):
        raise MatcherError(Wrong.FORMAT, str(item)[:80])
    name, value = item.get("name"), item.get("value")
    regex, equal = item.get("isRegex", False), item.get("isEqual", True)
    fits = isinstance(name, str) and isinstance(value, str) and isinstance(regex, bool) and isinstance(equal, bool)
    if not fits:
        raise MatcherError(Wrong.FORMAT, str(dict(item))[:80])
    ops = {(False, True): Op.EQUAL, (False, False): Op.NOT_EQUAL, (True, True): Op.REGEX, (True, False): Op.NOT_REGEX}
    return matcher(str(name), ops[bool(regex), bool(equal)], str(value))


def _tokens(text: str) -> list[str]:
    """Cut at the commas outside of quotes; an empty rest after the last one is no matcher."""
    tokens, token, quoted, escaped = [], "", False, False
    for letter in text:
        if letter == "," and not quoted:
            tokens.append(token)
            token = ""
            continue
        if letter == '"':
            quoted, escaped = (quoted, False) if escaped else (not quoted, escaped)
        else:
            escaped = letter == "\\" and not escaped
        token += letter
    rest = token.strip(ALL_SPACE)
    return [*tokens, rest] if rest else tokens


def _value(raw: str, text: str) -> str:
    """The value without its quotes and escapes; a `\\` before anything but `n`, `"` and itself stands for itself."""
    quoted = raw.startswith('"')
    raw = raw[1:] if quoted else raw
    value, escaped, last = "", False, len(raw) - 1
    for place, letter in enumerate(raw):
        if escaped:
            value, escaped = value + _ESCAPES.get(letter, "\\" + letter), False
        elif letter == "\\" and place < last:
            escaped = True
        elif letter != '"':
            value += letter
        elif quoted and place == last:
            quoted = False
        else:
            raise MatcherError(Wrong.QUOTE, text[:80])
    if quoted:
        raise MatcherError(Wrong.QUOTE, text[:80])
    return value


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors, options.max_mem = False, MAX_MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise MatcherError(Wrong.REGEX, pattern[:80], _told(error)) from error
    return compiled


def _told(error: Exception) -> str:
    """RE2 speaks in bytes."""
    reason = error.args[0]
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(error)


def _encodable(text: str) -> str:
    """Half a surrogate pair is no letter; JSON can write it, UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
