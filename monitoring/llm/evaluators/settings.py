"""What each kind of evaluator is told: one class per kind, its fields as a person writes them."""

from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
import re2

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Words = Annotated[list[Word], msgspec.Meta(max_length=100)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class SettingsError(ValueError):
    """These settings can judge nothing; `example` would."""

    def __init__(self, reason: str, example: str) -> None:
        super().__init__(reason)
        self.example = example


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all kinds have in common: an example, and what the types do not say."""

    example: ClassVar[str] = "{}"

    def check(self) -> str:
        """Why nothing could be judged; empty if it can."""
        return ""


class Pattern(Settings, frozen=True):
    """Regular expressions (RE2) that the answer matches somewhere, or nowhere."""

    example: ClassVar[str] = r'{"must_match": "(?i)order [0-9]{4,}", "must_not_match": "(?i)lorem ipsum"}'
    must_match: Text | None = None
    must_not_match: Text | None = None

    def check(self) -> str:
        """One of the two, which RE2 understands."""
        if self.must_match is None and self.must_not_match is None:
            return "`must_match` or `must_not_match` is missing"
        return next((wrong for one in (self.must_match, self.must_not_match) if one and (wrong := _wrong(one))), "")


class Terms(Settings, frozen=True):
    """Whole words or phrases, in any case."""

    example: ClassVar[str] = '{"all": ["sources"], "any": ["refund", "exchange"], "none": ["lawsuit"]}'
    all: Words = []
    any: Words = []
    none: Words = []

    def check(self) -> str:
        """Some word."""
        return "" if self.all or self.any or self.none else "`all`, `any` or `none` has to name a word"


class Json(Settings, frozen=True):
    """The whole answer is JSON; an object where `keys` are asked for. `fenced` lets it stand in a block of Markdown."""

    example: ClassVar[str] = '{"keys": ["answer", "sources"], "fenced": false}'
    keys: Words = []
    fenced: bool = False


class Length(Settings, frozen=True):
    """At least and at most so many characters or words."""

    example: ClassVar[str] = '{"min": 1, "max": 1200, "unit": "characters"}'
    min: Count | None = None
    max: Count | None = None
    unit: Literal["characters", "words"] = "characters"

    def check(self) -> str:
        """A bound, and none above the other."""
        if self.min is None and self.max is None:
            return "`min` or `max` is missing"
        if self.min is not None and self.max is not None and self.min > self.max:
            return "`min` is above `max`"
        return ""


class Refusal(Settings, frozen=True):
    """Phrases with which an answer refuses, beyond those that are known."""

    example: ClassVar[str] = '{"phrases": ["our policy does not allow"]}'
    phrases: Words = []


class Overlap(Settings, frozen=True):
    """The least share of the answer's runs of `words` words that are found in what it was given."""

    example: ClassVar[str] = '{"at_least": 0.5, "words": 2, "source": "sent"}'
    at_least: Share = 0.5
    words: Annotated[int, msgspec.Meta(ge=1, le=5)] = 2
    source: Literal["context", "sent"] = "sent"


class PersonalData(Settings, frozen=True):
    """What of personal data and secrets an answer may hold all the same, by the names of redaction."""

    example: ClassVar[str] = '{"allow": ["email"]}'
    allow: Words = []


SETTINGS: Final[dict[str, type[Settings]]] = {
    "pattern": Pattern,
    "words": Terms,
    "json": Json,
    "length": Length,
    "no_refusal": Refusal,
    "overlap": Overlap,
    "no_personal_data": PersonalData,
}


def read_settings(kind: str, given: Any) -> Settings:
    """The settings of a kind; `SettingsError` says what is wrong with them, and how they could look."""
    form = SETTINGS.get(kind)
    if form is None:
        raise SettingsError(f"there is no kind {kind!r}", "{}")
    try:
        found = msgspec.json.decode(msgspec.json.encode(given), type=form)
    except (msgspec.MsgspecError, UnicodeEncodeError, TypeError) as error:
        raise SettingsError(str(error), form.example) from error
    if wrong := found.check():
        raise SettingsError(wrong, form.example)
    return found


def compile_pattern(pattern: str) -> "re2._Regexp":
    """Linear in the text, whatever the pattern; `re2.error` if it is none."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _wrong(pattern: str) -> str:
    try:
        compile_pattern(pattern)
    except re2.error as error:
        reason = error.args[0]
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        return f"{pattern!r} is not a regular expression that RE2 understands: {told}"
    return ""
