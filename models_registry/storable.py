"""JSON that people write into forms: refused where no database can keep its text, with what they typed still there.

Every form of the admin takes it for its JSON (`admin_bases.fields` says so), so that no definition has to think of it.
"""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from models_registry.bodies import fault_of

SENTENCES: Final = {
    "nul_character": _("Text cannot hold the NUL character (\\u0000): remove it%(where)s."),
    "lone_surrogate": _(
        "Half of a character (\\ud800 to \\udfff alone) cannot be kept: write the whole pair%(where)s."
    ),
}


def check_storable(value: Any) -> None:
    """`ValidationError` that says where, and the mend."""
    if fault := fault_of(value, SENTENCES):
        path, code = fault
        where = f" ({'.'.join(path)})" if path else ""
        raise ValidationError(SENTENCES[code], code=code, params={"where": where})


class StorableJSON(forms.JSONField):
    """JSON whose text a database can keep; which numbers make sense says each field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(check_storable)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed stays as it was typed where it is refused: half a character cannot be written into a page."""
        found = super().bound_data(data, initial)
        return InvalidJSONInput(data) if isinstance(data, str) and fault_of(found, SENTENCES) else found
