"""What is wrong with matchers and labels, in words, in the active language."""

import re
from collections.abc import Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from alerting.labels.matchers import MAX_MATCHERS, MAX_VALUE, MatcherError, Wrong, check, from_json

MAX_LABELS: Final = 16
LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SENTENCES: Final[Mapping[Wrong, object]] = {
    Wrong.FORMAT: _('“%(about)s” is no matcher. Write a label, one of = != =~ !~, and a value: model="credit-risk".'),
    Wrong.QUOTE: _('The quotes of “%(about)s” do not close where the value ends. A quote inside of a value is \\".'),
    Wrong.REGEX: _("“%(about)s” is no regular expression that RE2 understands, or too large a one: %(detail)s"),
    Wrong.NAME: _("“%(about)s” is no name of a label."),
    Wrong.VALUE: _("The value of “%(about)s” is longer than %(longest)d characters."),
    Wrong.MANY: _("At most %(most)d matchers."),
    Wrong.NONE: _('Write at least one matcher, such as model="credit-risk".'),
    Wrong.EMPTY: _(
        "“%(about)s” matches alerts without these labels too: everything. Add a matcher that names something."
    ),
}


def sentence(error: MatcherError) -> str:
    """Why the matchers were refused, with the mend."""
    facts = {"about": error.about, "detail": error.detail, "longest": MAX_VALUE, "most": MAX_MATCHERS}
    return str(_SENTENCES[error.wrong]) % facts


def check_matchers(stored: object) -> None:
    """Validator of a column of matchers; `ValidationError` with the sentence."""
    try:
        check(from_json(stored))
    except MatcherError as error:
        raise ValidationError(sentence(error)) from error


def check_label_names(stored: object) -> None:
    """Validator of a column of label names; `ValidationError` with the sentence."""
    if not isinstance(stored, list) or len(stored) > MAX_LABELS:
        raise ValidationError(_("Write at most %(most)d names of labels."), params={"most": MAX_LABELS})
    for name in stored:
        if not isinstance(name, str) or not LABEL_NAME.fullmatch(name):
            raise ValidationError(_("“%(about)s” is no name of a label."), params={"about": str(name)[:80]})
