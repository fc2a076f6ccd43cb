"""A project's own redaction patterns, in RE2: no pattern can take more than linear time, whatever the text."""

import re2
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_PATTERNS = 20
MAX_LENGTH = 200
MAX_NAME = 40


def compile_patterns(patterns: object) -> list[tuple[str, "re2._Regexp"]]:
    """`{"matricula": "\\\\b[0-9]{6}\\\\b"}` as (name, compiled) pairs; `ValidationError` says what to mend."""
    if not isinstance(patterns, dict):
        raise ValidationError(_("Write an object of names and regular expressions."))
    if len(patterns) > MAX_PATTERNS:
        raise ValidationError(_("At most %(limit)d patterns."), params={"limit": MAX_PATTERNS})
    return [(str(name), _compile(str(name), pattern)) for name, pattern in patterns.items()]


def _compile(name: str, pattern: object) -> "re2._Regexp":
    where = {"name": name[:MAX_NAME], "limit": MAX_LENGTH}
    if not name or len(name) > MAX_NAME or not name.replace("_", "").replace("-", "").isalnum():
        raise ValidationError(_('"%(name)s": a name is 1 to 40 letters, digits, "-" or "_".'), params=where)
    if not isinstance(pattern, str) or not 0 < len(pattern) <= MAX_LENGTH:
        raise ValidationError(_('"%(name)s": a pattern is 1 to %(limit)d characters of text.'), params=where)
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        message = _('"%(name)s" is not a regular expression that RE2 understands: %(reason)s')
        raise ValidationError(message, params={**where, "reason": reason}) from error
    if compiled.search("") is not None:
        raise ValidationError(_('"%(name)s" matches the empty text and so would hide everything.'), params=where)
    return compiled
