"""Personal data and secrets out of texts, before anything is stored.

Every default pattern is anchored or bounded so that its time is linear in the text; a project's own run in RE2.
Numbers are judged, not only matched: a CPF by its check digits, a card by its issuer's range and the Luhn sum, so
that ordinary numbers survive. What is found is replaced by `[email]`, `[cpf]`, `[card]`, `[key]` or `[<name>]`.
"""

import re
from collections.abc import Callable
from hashlib import blake2b

import re2
from django.conf import settings
from django.core.exceptions import ValidationError

from models_registry.models import Project
from models_registry.redaction import compile_patterns

Redactor = Callable[[str], str]

DOMAIN = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# The second form finds what RFC 5322 allows beyond the usual; it comes second so that `to=ana@x.com` keeps `to=`.
LOCALS = [re.compile(r"[\w.%+-]+\Z"), re.compile(r"[^\s@\"<>(),:;\[\]\\]+\Z")]
MAX_LOCAL = 64
# Eleven digits with at most one separator between them: what every CPF and card has and few other texts have.
DIGITS = re.compile(r"\d(?:[ ./-]?\d){10}")
CPF = re.compile(r"(?<![0-9A-Za-z.])\d{3}([. ]?)\d{3}\1\d{3}[-/ ]?\d{2}(?![0-9A-Za-z])")
CARD = re.compile(r"(?<![0-9A-Za-z.])(?:[3-6]\d{3}|2[2-7]\d{2})(?:[ -]?\d){9,15}(?![0-9A-Za-z])")
KEYS = {
    "sk-": re.compile(r"(?<![\w-])sk-[\w-]{16,}"),
    "at_": re.compile(r"(?<!\w)at_[0-9a-z]{4,16}_[\w-]{20,}"),
    "AKIA": re.compile(r"(?<!\w)AKIA[0-9A-Z]{16}(?!\w)"),
    "ASIA": re.compile(r"(?<!\w)ASIA[0-9A-Z]{16}(?!\w)"),
    "AIza": re.compile(r"(?<!\w)AIza[\w-]{35}"),
    "gh": re.compile(r"(?<!\w)gh[pousr]_[0-9A-Za-z]{36,}"),
    "xox": re.compile(r"(?<!\w)xox[abprs]-[0-9A-Za-z-]{10,}"),
    "eyJ": re.compile(r"(?<![\w.-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
}
BEARER_HINTS = ("earer", "EARER")
BEARER = re.compile(r"(?i)\bbearer[ \t]{1,8}[\w.~+/=-]{8,}")
# How anything that is hidden begins, or what it holds: a text without any of it is passed in one look, a seventh of the price.
SUSPECT = re2.compile(
    r"@|sk-|at_[0-9a-z]|A[KS]IA|AIza|gh[pousr]_|xox[abprs]-|eyJ|(?i:bearer)[ \t]|\p{Nd}(?:[ ./-]?\p{Nd}){10}"
)


def is_cpf(digits: str) -> bool:
    """Whether eleven digits carry the two check digits of a CPF (modulo 11); equal digits are no CPF."""
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(digit) * (length + 1 - place) for place, digit in enumerate(digits[:length]))
        if total * 10 % 11 % 10 != int(digits[length]):
            return False
    return True


def is_card(digits: str) -> bool:
    """Whether 13 to 19 digits pass the Luhn sum (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _hide_emails(text: str) -> str:
    """From each @domain back to the start of its local part."""
    kept, last = [], 0
    for domain in DOMAIN.finditer(text):
        before = text[max(last, domain.start() - MAX_LOCAL) : domain.start()]
        local = LOCALS[0].search(before) or LOCALS[1].search(before)
        if local is not None:
            kept += [text[last : domain.start() - len(local[0])], "[email]"]
            last = domain.end()
    return "".join([*kept, text[last:]])


def _hide_cpf(match: re.Match[str]) -> str:
    digits = "".join(filter(str.isdigit, match[0]))
    return "[cpf]" if is_cpf(digits) else match[0]


def _hide_card(match: re.Match[str]) -> str:
    """The longest run of whole groups that is a card; what follows it stays."""
    text = match[0]
    for end in range(len(text), 12, -1):
        if not text[end - 1].isdigit() or (end < len(text) and text[end].isdigit()):
            continue
        digits = "".join(filter(str.isdigit, text[:end]))
        if 13 <= len(digits) <= 19 and is_card(digits):
            return "[card]" + text[end:]
    return text


def redact_default(text: str) -> str:
    """The text without e-mail addresses, CPFs, payment cards, keys and bearer tokens."""
    return redact_fully(text) if SUSPECT.search(text) else text


def redact_fully(text: str) -> str:
    """The same, of a text that may hold some of them."""
    if "@" in text:
        text = _hide_emails(text)
    for hint, pattern in KEYS.items():
        if hint in text:
            text = pattern.sub("[key]", text)
    if any(hint in text for hint in BEARER_HINTS):
        text = BEARER.sub("[key]", text)
    if DIGITS.search(text):
        text = CARD.sub(_hide_card, CPF.sub(_hide_cpf, text))
    return text


def redactor_for(project: Project) -> Redactor | None:
    """What cleans this project's texts; None where it switched redaction off.

    A pattern that slipped past `Project.clean` is left out rather than stopping ingest.
    """
    if not project.redact:
        return None
    if not project.redact_extra:
        return redact_default
    try:
        patterns = compile_patterns(project.redact_extra)
    except ValidationError:
        return redact_default

    def redact(text: str) -> str:
        text = redact_default(text)
        for name, pattern in patterns:
            text = pattern.sub(f"[{name}]", text)
        return text

    return redact


def pseudonym(text: str, cleaned: str) -> str:
    """A person's redacted id with a keyed digest of the original: people stay apart, and nobody can be looked up."""
    digest = blake2b(text.encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=6).hexdigest()
    return f"{cleaned[:180]}:{digest}"
