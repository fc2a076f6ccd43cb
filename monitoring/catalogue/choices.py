"""The measures that a form offers: those of the catalogue, of evaluators, and of metrics that clients tell."""

from collections.abc import Iterable

from django import forms
from django.utils.text import format_lazy
from django_stubs_ext import StrOrPromise

from monitoring.catalogue import MEASURES
from monitoring.selectors.evaluations import measures_evaluated
from monitoring.selectors.metrics import measures_told

Choice = tuple[str, StrOrPromise]


def offer_measures(form: forms.BaseForm) -> None:
    """Let the field `measure` of a form offer them."""
    field = form.fields["measure"]
    if isinstance(field, forms.ChoiceField):
        field.choices = measure_choices([str(form.data.get("measure", "")), str(form.initial.get("measure", ""))])


def measure_choices(chosen: Iterable[str]) -> list[Choice]:
    """(name, label); one that was chosen is among them, however many metrics there are."""
    told = dict.fromkeys([*measures_evaluated(), *measures_told(), *(name for name in chosen if name in MEASURES)])
    listed = set(MEASURES)
    return [
        ("", "—"),
        *((name, _named(name)) for name in MEASURES),
        *((name, _named(name)) for name in told if name not in listed),
    ]


def _named(name: str) -> StrOrPromise:
    """By its label and by the name that programs, files and sentences about it use."""
    return format_lazy("{label} · {name}", label=MEASURES[name].label, name=name)
