"""Performance without labels on real data, beside the figures of the best published tool. `python -m bench.estimate FOLDER`

FOLDER holds the data files of the nannyml wheel (`pip download nannyml --no-deps`; then unpack `nannyml/datasets/data`).
Everything is computed as the panel does: histograms of scores by decision, a calibration by bins; of the regression, trees of
the fitting job and sums of the drain. Exit code 1 if an error is greater than the published one, at the digits it is published with.
"""

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from arro3.io import read_parquet
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

import bench.ready  # noqa: F401 - before what has models
from monitoring.drain.fold.inputs import inputs_of
from monitoring.drain.fold.losses import fold
from monitoring.drain.fold.sums import Columns, Sums
from monitoring.quality.fitting.isotonic import isotonic
from monitoring.quality.fitting.losses import fit_losses
from monitoring.selectors.plans import LossPlan
from monitoring.stats.calibration import Calibration, calibration_of
from monitoring.stats.estimate import BINARY, estimate, expect
from monitoring.stats.estimate_classes import estimate_classes, expect_classes
from monitoring.stats.histogram import merge, pack_arrays
from monitoring.stats.intervals import Z_95
from monitoring.stats.layouts import CLASS_SIDE_SCORE, STATUS_OK, score_bins, scored_bins
from monitoring.stats.losses import expected, mean_absolute_error, root_mean_squared_error
from monitoring.stats.profile import feature_of, profile_of
from monitoring.stats.sample import sample_of
from monitoring.stats.tally import Cell
from monitoring.stats.trees import pack, unpack

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NAMES = ("accuracy", "f1", "roc_auc")
CARDS = ("prepaid_card", "highstreet_card", "upmarket_card")


class Scored(NamedTuple):
    """Rows in their order: scores (of the positive class, or a column per class), decision and label as codes."""

    scores: Floats
    decided: Integers
    labels: Integers

    def windows(self, rows: int) -> Iterator["Scored"]:
        """Whole windows of so many rows."""
        for start in range(0, len(self.labels) - rows + 1, rows):
            part = slice(start, start + rows)
            yield Scored(self.scores[part], self.decided[part], self.labels[part])


class Data(NamedTuple):
    """A data set: what is read, in windows of how many rows, and the published mean absolute errors of NAMES."""

    title: str
    reference: Scored
    analysis: Scored
    rows: int
    published: tuple[float, float, float]
    digits: int


def table(path: Path) -> dict[str, Sequence[Any]]:
    """The columns of a CSV or Parquet file."""
    if path.suffix == ".pq":
        reader = read_parquet(path)
        columns: dict[str, list[Any]] = {name: [] for name in reader.schema.names}
        for batch in reader:
            for name, column in columns.items():
                column += batch.column(name).to_pylist()
        return dict(columns)
    with path.open(newline="") as file:
        rows = csv.reader(file)
        names = next(rows)
        return dict(zip(names, zip(*rows, strict=True), strict=True))


def joined(
    analysis: dict[str, Sequence[Any]], labels: Mapping[str, Sequence[Any]], name: str
) -> dict[str, Sequence[Any]]:
    """Labels come in a file of their own, by id."""
    known = dict(zip(labels["id"], labels[name], strict=True))
    return {**analysis, name: [known[id_] for id_ in analysis["id"]]}


def binary(columns: Mapping[str, Sequence[Any]], score: str, decided: str, label: str) -> Scored:
    floats = (np.array(columns[name], dtype=np.float64) for name in (score, decided, label))
    scores, decisions, labels = floats
    return Scored(scores, decisions.astype(np.int64), labels.astype(np.int64))


def classes(columns: Mapping[str, Sequence[Any]]) -> Scored:
    scores = np.array([columns[f"y_pred_proba_{name}"] for name in CARDS], dtype=np.float64).T
    decided, labels = (np.array([CARDS.index(name) for name in columns[of]]) for of in ("y_pred", "y_true"))
    return Scored(scores, decided, labels)


def data_sets(folder: Path) -> Iterator[Data]:
    """The data sets of the published figures."""
    car = "synthetic_car_loan"
    names = ("y_pred_proba", "y_pred", "repaid")
    analysis = joined(table(folder / f"{car}_analysis.csv"), table(folder / f"{car}_analysis_target.csv"), "repaid")
    reference = binary(table(folder / f"{car}_reference.csv"), *names)
    yield Data("car loan", reference, binary(analysis, *names), 5_000, (0.0031, 0.0026, 0.0021), 4)
    analysis = joined(table(folder / "mc_analysis.csv"), table(folder / "mc_analysis_gt.csv"), "y_true")
    reference = classes(table(folder / "mc_reference.csv"))
    # its three figures are published as a range
    yield Data("credit cards, 3 classes", reference, classes(analysis), 6_000, (0.038, 0.038, 0.034), 3)
    names = ("predicted_probability", "prediction", "employed")
    labels = table(folder / "employment_MA_analysis_target.pq")
    analysis = joined(table(folder / "employment_MA_analysis.pq"), labels, "employed")
    reference = binary(table(folder / "employment_MA_reference.pq"), *names)
    yield Data("employment", reference, binary(analysis, *names), 5_000, (0.0051, 0.0066, 0.0040), 4)


def calibrated(scores: Floats, positive: NDArray[np.bool_]) -> Calibration:
    """As the fitting job does it."""
    bins, place = np.unique(score_bins(scores), return_inverse=True)
    n = np.bincount(place).astype(np.float64)
    return calibration_of(bins, isotonic(bins, np.bincount(place, positive) / n, n), n.astype(np.int64))


def estimates(data: Data) -> list[tuple[list[float], list[float]]]:
    """(estimated, realised) of each window."""
    several = data.reference.scores.ndim == 2
    read = _several if several else _binary
    return [(read(data.reference, window), realised(window, several)) for window in data.analysis.windows(data.rows)]


def _binary(reference: Scored, window: Scored) -> list[float]:
    calibration = calibrated(reference.scores, reference.labels == 1)
    bins, place = np.unique(score_bins(window.scores), return_inverse=True)
    positive = np.bincount(place, window.decided == 1)
    expected = expect(bins, positive, np.bincount(place) - positive, calibration)
    return [estimate(BINARY[name], expected).value or 0.0 for name in NAMES]


def _several(reference: Scored, window: Scored) -> list[float]:
    codes = range(window.scores.shape[1])
    calibrations = {code + 1: calibrated(reference.scores[:, code], reference.labels == code) for code in codes}
    sides = (np.arange(len(codes)) == window.decided[:, None]).astype(np.int64)
    scores = score_bins(window.scores.ravel()).reshape(window.scores.shape)
    bins = scored_bins(np.arange(1, len(codes) + 1), scores, sides, 2).ravel()
    cell = Cell(len(window.labels), 0, *merge([pack_arrays(bins, np.ones(len(bins)))]), CLASS_SIDE_SCORE)
    expected = expect_classes([(cell, calibrations)])
    return [estimate_classes(name, expected).value or 0.0 for name in NAMES]


def realised(window: Scored, several: bool) -> list[float]:
    """By scikit-learn, on the rows."""
    truth, decided = window.labels, window.decided
    more = {"multi_class": "ovr", "average": "macro"} if several else {}
    return [
        accuracy_score(truth, decided),
        f1_score(truth, decided, average="macro" if several else "binary"),
        roc_auc_score(truth, window.scores, **more),
    ]


def losses(folder: Path) -> Iterator[tuple[str, float, float, float]]:
    """(measure, mean absolute error of its estimate, mean realised, share in the band) of the car price regression.

    In windows of 6,000, by the trees of a fitting job and the sums of the drain.
    """
    name = "regression_synthetic"
    analysis = joined(table(folder / f"{name}_analysis.csv"), table(folder / f"{name}_analysis_targets.csv"), "y_true")
    sample = sample_of(_cars(table(folder / f"{name}_reference.csv")))
    features = [feature_of(column, sample.features[column]) for column in sample.features]
    profile = profile_of(sample.rows, [*features, feature_of("prediction", sample.prediction, source="prediction")])
    fitted = fit_losses(profile, sample)
    assert fitted.losses is not None
    assert fitted.trees is not None
    trees = unpack(pack(fitted.trees)[1])
    plan = LossPlan(0, None, profile, trees, "losses", 1)
    cars = list(_cars(analysis))
    parts = [cars[start : start + 6_000] for start in range(0, len(cars), 6_000)]
    found = [(expected(folded(plan, part), fitted.losses), _errors(part)) for part in parts]
    for measure, estimate_by, of in (("MAE", mean_absolute_error, _mae), ("RMSE", root_mean_squared_error, _rmse)):
        pairs = [(estimate_by(one), of(errors)) for one, errors in found]
        strays = np.array([(one.value or 0.0) - real for one, real in pairs])
        inside = np.abs(strays) <= Z_95 * np.array([one.error for one, _ in pairs])
        yield measure, float(np.abs(strays).mean()), float(np.mean([real for _, real in pairs])), float(inside.mean())
    print(cost(plan, cars[:4_000]))


def _cars(columns: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    numbers = ("car_age", "km_driven", "price_new", "accident_count", "door_count")
    for place, guess in enumerate(columns["y_pred"]):
        row = {name: float(columns[name][place]) for name in numbers}
        row |= {name: columns[name][place] for name in ("fuel", "transmission")}
        yield {"features": row, "prediction": float(guess), "label": float(columns["y_true"][place])}


def stored(cars: Sequence[Mapping[str, Any]]) -> Columns:
    """The columns of predictions, as the drain has them."""
    rows = len(cars)
    return {
        "id": range(rows),
        "version_id": [1] * rows,
        "environment": ["production"] * rows,
        "ts_us": [place * 1_000 for place in range(rows)],
        "payload": [json.dumps({"features": car["features"]}) for car in cars],
        "status": [STATUS_OK] * rows,
        "prediction": [""] * rows,
        "score": [car["prediction"] for car in cars],
    }


def folded(plan: LossPlan, cars: Sequence[Mapping[str, Any]]) -> Cell:
    """What the drain sums of these predictions."""
    sums = Sums()
    for given in inputs_of({1: [plan]}, stored(cars)):
        fold(sums, given, plan, 1)
    cells = [cell for _, _, cell in sums.cells()]
    bins, counts = merge([pack_arrays(cell.bins, cell.counts) for cell in cells])
    return Cell(sum(cell.n for cell in cells), 0, bins, counts)


def cost(plan: LossPlan, cars: Sequence[Mapping[str, Any]]) -> str:
    """Of a prediction in a batch: least process time of 30."""
    columns, rows = stored(cars), len(cars)
    [given] = inputs_of({1: [plan]}, columns)
    reading = _best(lambda: list(inputs_of({1: [plan]}, columns))) / rows
    trees = _best(lambda: fold(Sums(), given, plan, 1)) / rows
    return (
        f"  a prediction of {len(plan.profile.features)} features through {len(plan.trees.leaves)} trees: {trees * 1e6:.1f} µs to fold,"
        f" after {reading * 1e6:.1f} µs to read it where the reference has not read it already"
    )


def _best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(30):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def _errors(cars: Sequence[Mapping[str, Any]]) -> Floats:
    return np.array([car["prediction"] - car["label"] for car in cars])


def _mae(errors: Floats) -> float:
    return float(np.abs(errors).mean())


def _rmse(errors: Floats) -> float:
    return float(np.sqrt((errors**2).mean()))


def main() -> int:
    """Print the errors beside the published ones."""
    worse = 0
    for data in data_sets(Path(sys.argv[1])):
        found = np.array(estimates(data))
        errors = np.abs(found[:, 0] - found[:, 1]).mean(axis=0)
        print(f"{data.title}: {len(data.analysis.labels):,} labelled rows, {len(found)} windows of {data.rows:,}")
        for name, error, published in zip(NAMES, errors, data.published, strict=True):
            is_worse = round(float(error), data.digits) > published
            worse += is_worse
            print(f"  {name:9} mean absolute error {error:.5f}, published {published}{'  WORSE' if is_worse else ''}")
    print("car price, a regression: 60,000 labelled rows, 10 windows of 6,000")
    for (measure, error, mean, inside), published in zip(losses(Path(sys.argv[1])), (9.0, 13.6), strict=True):
        worse += round(error, 1) > published
        told = f"mean absolute error {error:.1f} on {mean:.0f}, published {published}; {inside:.0%} in the 95 % band"
        print(f"  {measure:9} {told}{'  WORSE' if round(error, 1) > published else ''}")
    return int(worse > 0)


if __name__ == "__main__":
    sys.exit(main())
