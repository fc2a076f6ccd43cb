"""A trained model as plain numbers, so that whoever plays the story needs neither scikit-learn nor numpy."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A logistic or linear regression on standardised inputs, with the scaling folded into the weights."""

    version: str
    weights: tuple[float, ...]
    intercept: float

    def score(self, inputs: Sequence[float]) -> float:
        """Of the logistic regression: the probability of the positive class."""
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.value(inputs)))))

    def value(self, inputs: Sequence[float]) -> float:
        """Of the linear regression: the number itself."""
        return self.intercept + math.fsum(weight * value for weight, value in zip(self.weights, inputs, strict=True))


def save(cards: Sequence[Scorecard], path: Path) -> None:
    """Write all at once, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps([asdict(card) for card in cards], indent=1), encoding="utf-8")
    draft.replace(path)


def load(path: Path) -> tuple[Scorecard, ...]:
    """Read what `save` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Scorecard(row["version"], tuple(row["weights"]), row["intercept"]) for row in rows)
