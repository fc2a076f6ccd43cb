"""The drift report's promises, measured: false alarms, power, one outlier, time. `python -m bench.drift`"""

import json
import time
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

import bench.ready  # noqa: F401 - before what has models
from monitoring.drain.fold.features import hours_of
from monitoring.drain.fold.inputs import inputs_of, read_features
from monitoring.selectors.plans import Plan
from monitoring.stats.drift import compare
from monitoring.stats.inputs import Report, report_of
from monitoring.stats.profile import (
    STRIDE,
    Profile,
    category_codes,
    numeric_codes,
    profile_of_columns,
    value_counts,
)

WINDOWS, FEATURES, REFERENCE = 2_000, 20, 50_000


def columns(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    """15 numbers and 5 categories, as differently shaped as those of the field."""
    found = {
        "normal": rng.normal(size=rows),
        "lognormal": rng.lognormal(0, 1.5, rows),
        "exponential": rng.exponential(size=rows),
        "gamma": rng.gamma(2, size=rows),
        "beta": rng.beta(2, 5, rows),
        "bimodal": np.where(rng.random(rows) < 0.4, rng.normal(-3, 1, rows), rng.normal(2, 1, rows)),
        "poisson": rng.poisson(3, rows).astype(float),
        "zero_inflated": np.where(rng.random(rows) < 0.7, 0.0, rng.exponential(size=rows)),
        "uniform": rng.random(rows),
        "pareto": rng.pareto(2, rows),
        "flag": (rng.random(rows) < 0.1).astype(float),
        "rare_flag": (rng.random(rows) < 0.005).astype(float),
        "student": rng.standard_t(3, rows),
        "laplace": rng.laplace(size=rows),
        "hours": rng.integers(0, 24, rows).astype(float),
    }
    for levels in (2, 3, 10, 50, 200):
        weights = 1 / np.arange(1, levels + 1)
        found[f"category_{levels}"] = rng.choice(levels, rows, p=weights / weights.sum())
    return found


def profile(data: dict[str, np.ndarray]) -> Profile:
    values = {
        name: [f"c{v}" for v in got] if name.startswith("category") else got.tolist() for name, got in data.items()
    }
    return profile_of_columns(values)


def histogram(profile: Profile, data: dict[str, np.ndarray]) -> np.ndarray:
    """Counts by feature and code."""
    rows = []
    for feature in profile.features:
        got = data[feature.name]
        codes = (
            numeric_codes([feature], got[None])[0]
            if feature.numeric
            else category_codes(feature, [f"c{v}" for v in got])
        )
        rows.append(np.bincount(codes, minlength=STRIDE))
    return np.array(rows)


def report(profile: Profile, table: np.ndarray) -> Report:
    flat = table.ravel()
    bins = np.flatnonzero(flat)
    return report_of(profile, int(table[0].sum()), bins, flat[bins])


def false_alarms(profile: Profile, rng: np.random.Generator, rows: int) -> tuple[float, float]:
    """Share of windows without drift in which any feature drifted, and in which any column was called broken."""
    reports = [report(profile, histogram(profile, columns(rng, rows))) for _ in range(WINDOWS)]
    return sum(bool(one.drifted) for one in reports) / WINDOWS, sum(bool(one.broken) for one in reports) / WINDOWS


def power(rng: np.random.Generator, rows: int, *, repeats: int = WINDOWS) -> float:
    """How often a shift of a normal feature whose PSI is 0.1 is found among 19 features that stayed."""
    data = {f"f{number}": rng.normal(size=REFERENCE) for number in range(FEATURES)}
    known = profile(data)
    shift = shift_for(0.1)
    found = 0
    for _ in range(repeats):
        window = {name: rng.normal(size=rows) for name in data}
        window["f0"] += shift
        drifted = report(known, histogram(known, window)).drifted
        found += "f0" in {one.feature.name for one in drifted}
    return found / repeats


def shift_for(psi: float) -> float:
    """The shift of a standard normal whose PSI over ten equal bins is this, in the population."""
    normal = NormalDist()
    edges = [normal.inv_cdf(place / 10) for place in range(1, 10)]

    def population(shift: float) -> float:
        cdf = [0.0, *(normal.cdf(edge - shift) for edge in edges), 1.0]
        shares = np.diff(cdf)
        return float(((shares - 0.1) * np.log(shares / 0.1)).sum())

    low, high = 0.0, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if population(middle) < psi else (low, middle)
    return high


def outlier(rng: np.random.Generator) -> float:
    """How far one value of 10,000 among 20,000 rows moves PSI, at most over a shifted and an unshifted window."""
    known = profile({"x": rng.normal(size=100_000)})
    feature = known.features[0]
    moved = []
    for mean in (0.0, 1.0):
        values = rng.normal(mean, 1, 20_000)
        odd = values.copy()
        odd[7] = 10_000.0
        psi = [
            compare(
                value_counts(feature, feature.counts),
                value_counts(feature, np.bincount(numeric_codes([feature], got[None])[0], minlength=STRIDE)),
                ordered=True,
            ).psi
            for got in (values, odd)
        ]
        moved.append(abs(psi[1] - psi[0]))
    return max(moved)


def best(run: Callable[[], object], *, repeats: int = 30) -> float:
    """Least process time of a call, in seconds."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def fold_ns(known: Profile, data: dict[str, np.ndarray]) -> tuple[float, float]:
    """(reading a value out of its payload, folding it), in ns: the drain's own functions on the drain's own rows."""
    values = {
        name: [f"c{v}" for v in got] if name.startswith("category") else got.tolist() for name, got in data.items()
    }
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    payloads = [json.dumps({"features": row, "segments": {"region": "north"}}) for row in rows]
    count = len(payloads)
    columns = {"id": range(count), "version_id": [1] * count, "environment": ["production"] * count}
    columns |= {"ts_us": [place * 1_000_000 for place in range(count)], "payload": payloads}
    plans = {1: [Plan(0, None, known)]}
    reading = best(lambda: read_features(known, columns))
    whole = best(lambda: [hours_of(given) for given in inputs_of(plans, columns)])
    each = 1e9 / (count * len(known.features))
    return reading * each, (whole - reading) * each


def main() -> None:
    rng = np.random.default_rng(20261123)
    known = profile(columns(rng, REFERENCE))
    table = histogram(known, columns(rng, 1_000_000))
    flat = table.ravel()
    bins = np.flatnonzero(flat)
    seconds = best(lambda: report_of(known, 1_000_000, bins, flat[bins]))
    print(f"report of {FEATURES} features over 1,000,000 rows: {seconds * 1e3:.2f} ms (at most 5)")
    reading, folding = fold_ns(known, columns(rng, 5_000))
    print(
        f"folding a feature value: {folding:.0f} ns (at most 100), after {reading:.0f} ns to read it from the payload"
    )
    print(f"one outlier among 20,000 rows moves PSI by {outlier(rng):.5f} (less than 0.005)")
    print(f"power for PSI 0.1 at 2,000 rows: {power(rng, 2_000):.1%} (at least 95 %)")
    for rows in (100, 200, 500, 2_000, 20_000):
        drifted, broken = false_alarms(known, rng, rows)
        print(
            f"{WINDOWS:,} windows of {rows:,} rows without drift: {drifted:.2%} alert (at most 5 %), {broken:.2%} called broken"
        )


if __name__ == "__main__":
    main()
