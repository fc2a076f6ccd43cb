"""A value of unknown scale is written with four digits that count."""

import pytest
from django.utils import translation

from monitoring.catalogue.units import target_figure


@pytest.mark.parametrize(
    ("value", "english", "portuguese"),
    [
        (0.0, "0.000", "0,000"),
        (12.3456, "12.35", "12,35"),
        (-1_234_567.8, "−1,234,568", "−1.234.568"),
        (0.00123456, "0.001235", "0,001235"),
        (9.9999, "10.000", "10,000"),
        (1.5e20, "1.500e+20", "1.500e+20"),
        (1e-9, "1.000e-09", "1.000e-09"),
    ],
)
def test_four_significant_digits(value: float, english: str, portuguese: str) -> None:
    with translation.override("en"):
        assert target_figure(value) == english
    with translation.override("pt-br"):
        assert target_figure(value) == portuguese
