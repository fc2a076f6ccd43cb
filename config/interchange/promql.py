"""The part of PromQL that says something of this panel's own series: selectors, numbers, arithmetic, comparisons, set operators.

Everything else is named in an `UnsupportedError`: what a rule file asks of other series is Prometheus's to answer.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 10_000
DEEPEST: Final = 50
_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<duration>\d+(?:ms|[smhdwy])[\dsmhdwy]*\b)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
  | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<op>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}\[\],@])
    )""",
    re.VERBOSE,
)
_COMMENT: Final = re.compile(r"#[^\n]*")
COMPARISONS: Final = frozenset({">", "<", ">=", "<=", "==", "!="})
_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class UnsupportedError(ValueError):
    """What this panel cannot answer, in English: it is told of a file."""


@dataclass(frozen=True, slots=True)
class Number:
    """A scalar."""

    value: float


@dataclass(frozen=True)
class Selector:
    """A series by its name, with labels that must be equal."""

    name: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Binary:
    """Two sides and what is between them; `on (…)` is read and dropped."""

    op: str
    left: "Expression"
    right: "Expression"


Expression = Number | Selector | Binary


def parse(text: str) -> Expression:
    """The tree, numbers added up; `UnsupportedError` with what is not understood."""
    if len(text) > LONGEST:
        raise UnsupportedError(f"an expression of more than {LONGEST} characters")
    reader = _Reader(_tokens(text))
    found = reader.sets(0)
    if reader.here:
        raise UnsupportedError(f"{reader.here!r} where the expression should end")
    return found


def _tokens(text: str) -> list[str]:
    text, place, found = _COMMENT.sub("", text).strip(), 0, []
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise UnsupportedError(f"{text[place : place + 20]!r}")
        found.append(match[0].strip())
        place = match.end()
    return found


class _Reader:
    """Recursive descent, in Prometheus's order of precedence."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.place = tokens, 0

    @property
    def here(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        found = self.here
        if wanted and found not in wanted:
            raise UnsupportedError(f"{found!r} where {' or '.join(wanted)} was expected")
        self.place += 1
        return found

    def sets(self, depth: int) -> Expression:
        """`or`, weakest of all."""
        return self._left("or", lambda: self._left("and unless", lambda: self._compared(depth)))

    def _left(self, words: str, below: Callable[[], Expression]) -> Expression:
        found = below()
        while self.here.lower() in words.split():
            op = self.take().lower()
            self._matching()
            found = Binary(op, found, below())
        return found

    def _matching(self) -> None:
        if self.here.lower() in ("on", "ignoring"):
            self.take()
            self.take("(")
            while self.take() != ")":
                if not self.here:
                    raise UnsupportedError("a list of labels that does not end")

    def _compared(self, depth: int) -> Expression:
        found = self._sum(depth)
        while self.here in COMPARISONS:
            op = self.take()
            if self.here == "bool":
                raise UnsupportedError("a comparison with bool")
            found = Binary(op, found, self._sum(depth))
        return found

    def _sum(self, depth: int) -> Expression:
        return self._computed(("+", "-"), lambda: self._computed(("*", "/"), lambda: self._plain(depth)))

    def _computed(self, ops: tuple[str, ...], below: Callable[[], Expression]) -> Expression:
        found = below()
        while self.here in ops:
            found = _folded(self.take(), found, below())
        return found

    def _plain(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise UnsupportedError(f"more than {DEEPEST} brackets in each other")
        word = self.take()
        if word == "(":
            found = self.sets(depth + 1)
            self.take(")")
            return found
        if word == "-":
            return _folded("*", Number(-1), self._plain(depth + 1))
        if word[:1].isdigit() or word[:1] == ".":
            return _number(word)
        if not word or not (word[0].isalpha() or word[0] in "_:"):
            raise UnsupportedError(f"{word!r}" if word else "an expression that ends too soon")
        if self.here == "(" or self.here.lower() in ("by", "without"):
            raise UnsupportedError(f"{word}(…)")
        return Selector(word, self._labels())

    def _labels(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if self.here == "{":
            self.take()
            while self.here != "}":
                name, op, value = self.take(), self.take(), self.take()
                if op != "=" or value[:1] not in ("'", '"'):
                    raise UnsupportedError(f"the matcher {name}{op}{value}: only = is understood here")
                found[name] = re.sub(r"\\(.)", r"\1", value[1:-1])
                if self.here != "}":
                    self.take(",")
            self.take("}")
        if self.here in ("[", "@") or self.here.lower() == "offset":
            raise UnsupportedError(f"{self.here} after a series: only its present value is known here")
        return found


def _number(word: str) -> Number:
    try:
        return Number(float(word))
    except ValueError as error:
        raise UnsupportedError(f"{word} where a number was expected") from error


def _folded(op: str, left: Expression, right: Expression) -> Expression:
    if not isinstance(left, Number) or not isinstance(right, Number):
        raise UnsupportedError(f"{op} between series")
    try:
        return Number(_ARITHMETIC[op](left.value, right.value))
    except ZeroDivisionError as error:
        raise UnsupportedError("a division by zero") from error
