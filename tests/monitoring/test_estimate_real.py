"""Estimated against realised performance on real windows: no worse than the best published tool on the same ones.

`car_loan.json` counts the rows of NannyML's car loan data (Apache-2.0) by score (in hundredths), decision and label:
50,000 of the reference, and ten windows of 5,000 of which the later half drifts. All its sets: `python -m bench.estimate`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from monitoring.quality.fitting.isotonic import isotonic
from monitoring.stats.calibration import Calibration, calibration_of
from monitoring.stats.estimate import BINARY, Estimate, estimate, expect
from monitoring.stats.layouts import score_bins

Counts = NDArray[np.int64]
# Mean absolute errors of NannyML 0.13.1 over these windows.
PUBLISHED = {"accuracy": 0.0031, "f1": 0.0026, "roc_auc": 0.0021}


@pytest.fixture(scope="module")
def data() -> tuple[Counts, list[Counts]]:
    """(reference, windows): columns score in hundredths, then counts by 2 · decision + label."""
    read = json.loads((Path(__file__).parent / "car_loan.json").read_text())
    return np.array(read["reference"]), [np.array(window) for window in read["windows"]]


def calibration(reference: Counts) -> Calibration:
    bins = score_bins(reference[:, 0] / 100)
    positive, n = reference[:, 2] + reference[:, 4], reference[:, 1:].sum(axis=1)
    return calibration_of(bins, isotonic(bins, positive / n, n.astype(float)), n)


def estimated(window: Counts, known: Calibration) -> dict[str, Estimate]:
    expected = expect(score_bins(window[:, 0] / 100), window[:, 3:].sum(axis=1), window[:, 1:3].sum(axis=1), known)
    return {name: estimate(BINARY[name], expected) for name in PUBLISHED}


def realised(window: Counts) -> dict[str, float]:
    scores = np.repeat(window[:, 0], window[:, 1:].sum(axis=1)) / 100
    cells = np.concatenate([np.repeat(np.arange(4), row[1:]) for row in window])
    decided, labels = np.divmod(cells, 2)
    return {
        "accuracy": accuracy_score(labels, decided),
        "f1": f1_score(labels, decided),
        "roc_auc": roc_auc_score(labels, scores),
    }


def test_errors_are_no_greater_than_the_published_ones(data: tuple[Counts, list[Counts]]):
    known = calibration(data[0])
    for name, published in PUBLISHED.items():
        errors = [abs((estimated(window, known)[name].value or 0) - realised(window)[name]) for window in data[1]]
        assert round(float(np.mean(errors)), 4) <= published, name


def test_the_band_holds_what_was_realised_though_the_inputs_drifted(data: tuple[Counts, list[Counts]]):
    known = calibration(data[0])
    found = [(estimated(window, known), realised(window)) for window in data[1]]
    strays = [
        abs((ours[name].value or 0) - real[name]) / ours[name].error for ours, real in found for name in PUBLISHED
    ]
    assert max(strays) < 3
    assert np.mean(np.array(strays) <= 1.96) >= 0.9
