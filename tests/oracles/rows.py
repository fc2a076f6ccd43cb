"""Rows that Evidently, NannyML and this panel are asked about: numpy's legacy streams, which are the same everywhere."""

from collections.abc import Callable

import numpy as np

Columns = dict[str, list]
SIZES = {"small": (800, 500), "large": (5_000, 2_000), "huge": (12_000, 3_000)}


def columns(seed: int, rows: int, shift: float) -> Columns:
    """Numbers and categories of many shapes; `shift` moves them."""
    rng = np.random.RandomState(seed)

    def classes(names: str, weights: list[float]) -> list[str]:
        moved = np.array(weights) * (1 + shift * np.arange(len(weights)))
        return rng.choice(list(names), rows, p=moved / moved.sum()).tolist()

    makers: dict[str, Callable[[], list]] = {
        "normal": lambda: rng.normal(shift, 1, rows).tolist(),
        "heavy": lambda: rng.lognormal(shift / 2, 1.5, rows).tolist(),
        "few": lambda: rng.binomial(3, 0.3 + shift / 5, rows).astype(float).tolist(),
        "counts": lambda: rng.poisson(4 + 2 * shift, rows).astype(float).tolist(),
        "flag": lambda: (rng.uniform(size=rows) < 0.2 + shift / 4).astype(float).tolist(),
        "two": lambda: classes("ab", [0.7, 0.3]),
        "five": lambda: classes("abcde", [0.4, 0.3, 0.15, 0.1, 0.05]),
    }
    found = {name: make() for name, make in makers.items()}
    holes = rng.uniform(size=rows) < 0.1
    found["holes"] = [None if hole else value for hole, value in zip(holes, found["normal"], strict=True)]
    if shift:
        found["five"][::50] = ["new"] * len(found["five"][::50])
    return found


def both(size: str) -> tuple[Columns, Columns]:
    """(reference, current)."""
    first, second = SIZES[size]
    return columns(11, first, 0.0), columns(12, second, 0.3)
