"""Texts that are stored in English and shipped with translations: the demonstration's models, rules and runbooks."""

from django.utils.translation import gettext


def shipped(text: str) -> str:
    """A stored text in the reader's language where the catalogue has it; what people wrote stays as it is."""
    return gettext(text) if text else ""
