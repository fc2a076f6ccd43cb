"""Form fields for what is written as text and stored as JSON: matchers, and names of labels."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from alerting.labels.matchers import MatcherError, check, from_json, parse_lines, to_json
from alerting.labels.validators import check_label_names, sentence


class MatchersField(forms.CharField):
    """One matcher a line, or several with commas; cleaned to the JSON of Alertmanager's API."""

    default_error_messages = {"required": _('Write at least one matcher, such as model="credit-risk".')}

    def __init__(self, **more: Any) -> None:
        more.setdefault("widget", forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}))
        more.setdefault(
            "help_text",
            _('One a line: model="credit-risk", rule!="errors", environment=~"prod.*", severity!~"ticket|page".'),
        )
        super().__init__(**more)

    def prepare_value(self, value: Any) -> Any:
        """Stored matchers as text; what a person typed stays as it is."""
        return written(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """Refused with the mend where it could not be asked."""
        try:
            return to_json(check(parse_lines(super().clean(value) or "")))
        except MatcherError as error:
            raise ValidationError(sentence(error)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as text."""
        return super().has_changed(self.prepare_value(initial), data)


class LabelNamesField(forms.CharField):
    """Names of labels separated by commas; cleaned to a list, or to None where empty means something else."""

    def __init__(self, *, none: bool = False, **more: Any) -> None:
        self.none = none
        super().__init__(required=False, **more)

    def prepare_value(self, value: Any) -> Any:
        """A stored list as text."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str] | None:
        """Refused where it is no name of a label."""
        names = [name.strip() for name in (super().clean(value) or "").split(",") if name.strip()]
        check_label_names(names)
        return None if self.none and not names else names

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as text."""
        return super().has_changed(self.prepare_value(initial), data)


def written(stored: list[dict[str, Any]]) -> str:
    """Stored matchers as people write them, one a line."""
    return "\n".join(str(one) for one in from_json(stored))
