"""An estimator of one version as data: its calibrations and what was realised where they come from. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from monitoring.stats.calibration import Blocks, Calibration, from_blocks, to_blocks

ONLY = 0  # the key of the one calibration of a binary classifier


class Baseline(msgspec.Struct, frozen=True):
    """What was realised over the labelled events behind an estimator. `spread` is the standard deviation of its parts."""

    value: float
    n: int
    spread: float | None = None


class Losses(msgspec.Struct, frozen=True):
    """How to read the losses of a regression that trees expect: the quanta of their sums, and how far a squared loss
    strays from what is expected of it, as a share of that.
    """

    absolute: float
    square: float
    spread: float


class StoredFit(msgspec.Struct):
    """Calibrations by class code, and baselines by measure, as they are stored."""

    calibrations: dict[int, Blocks] = {}
    baselines: dict[str, Baseline] = {}
    losses: Losses | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """An estimator. `until` is the end of the window that it was fitted on; None for the rows of a reference."""

    id: int
    until: datetime | None
    calibrations: Mapping[int, Calibration]
    baselines: Mapping[str, Baseline]
    losses: Losses | None = None

    def knows_nothing_of(self, moment: datetime) -> bool:
        """Whether what is labelled from this moment on took no part in the fit."""
        return self.until is None or self.until <= moment


def pack(
    calibrations: Mapping[int, Calibration], baselines: Mapping[str, Baseline], losses: Losses | None = None
) -> bytes:
    """The bytes that `unpack` reads."""
    blocks = {code: to_blocks(calibration) for code, calibration in calibrations.items()}
    return msgspec.json.encode(StoredFit(blocks, dict(baselines), losses))


def unpack(id_: int, until: datetime | None, data: bytes) -> Fitted:
    """The estimator of `pack`."""
    stored = msgspec.json.decode(data, type=StoredFit)
    calibrations = {code: from_blocks(blocks) for code, blocks in stored.calibrations.items()}
    return Fitted(id_, until, calibrations, stored.baselines, stored.losses)


def in_force(fits: Sequence[Fitted], moment: datetime) -> Fitted | None:
    """The newest of these (newest first) that knows nothing of what is labelled from this moment on."""
    return next((fit for fit in fits if fit.knows_nothing_of(moment)), None)
