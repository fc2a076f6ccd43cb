"""The catalogue of measures and indicators, as plain data: one module of entries per subject, joined here in order."""

from collections.abc import Iterable

from monitoring.catalogue import (
    batches,
    business,
    calls,
    classifiers,
    estimates,
    evaluations,
    feedback,
    inputs,
    labels,
    logs,
    money,
    policies,
    regression,
    service,
)
from monitoring.catalogue.base import NEEDS as NEEDS
from monitoring.catalogue.base import Better as Better
from monitoring.catalogue.base import Indicator as Indicator
from monitoring.catalogue.base import Measure as Measure
from monitoring.catalogue.base import Settle as Settle
from monitoring.catalogue.base import Unit as Unit
from monitoring.catalogue.told import Indicators, Measures

MEASURES = Measures(
    measure
    for measure in (
        *service.MEASURES,
        *service.PROCESSES,
        *batches.MEASURES,
        *logs.MEASURES,
        *classifiers.MEASURES,
        *regression.MEASURES,
        *labels.MEASURES,
        *estimates.MEASURES,
        *inputs.MEASURES,
        *calls.MEASURES,
        *feedback.MEASURES,
        *evaluations.MEASURES,
        *money.MEASURES,
        *business.MEASURES,
        *policies.MEASURES,
    )
)
SLIS = Indicators(
    indicator
    for indicator in (
        *service.INDICATORS,
        *logs.INDICATORS,
        *classifiers.INDICATORS,
        *calls.INDICATORS,
        *feedback.INDICATORS,
        *evaluations.INDICATORS,
    )
)


def measures_for(kind: str) -> list[Measure]:
    """What can be measured of a model of this kind, in the catalogue's order."""
    return [measure for measure in MEASURES.values() if kind in measure.kinds]


def in_words(measures: Iterable[Measure]) -> str:
    """As a sentence lists them, in the active language: by their labels, and by the names that files and the API use."""
    return ", ".join(f"“{measure.label}” ({measure.name})" for measure in measures)
