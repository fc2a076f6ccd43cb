"""What clients say of the processes that serve a model: samples of processor and memory use, as gauges.

Names are those of OpenTelemetry's semantic conventions for processes; the short ones of many clients are understood too.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import COUNT, LOG, MILLIONTHS

KIND: Final = "process"
UNUSABLE = Slot("process_unusable", "", COUNT)


class Gauge(NamedTuple):
    """Where samples of a name go: as how many quanta one unit counts, and what is beyond measure."""

    slot: Slot
    quanta: float
    largest: float


CPU, MEMORY = Slot("process_cpu", "", LOG), Slot("process_memory", "", LOG)
GAUGES: Final[Mapping[str, Gauge]] = {
    "process.cpu.utilization": Gauge(CPU, MILLIONTHS, 10_000),
    "cpu_percent": Gauge(CPU, MILLIONTHS / 100, 1_000_000),
    "process.memory.usage": Gauge(MEMORY, 1, 1e14),
    "memory_bytes": Gauge(MEMORY, 1, 1e14),
}


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Samples of known gauges; those without a sensible number are counted apart."""
    if KIND not in columns["kind"]:
        return
    told = zip(columns["kind"], columns["name"], columns["value"], strict=True)
    quanta = [_quanta(name, value) if kind == KIND and name in GAUGES else None for kind, name, value in told]
    for slot in (CPU, MEMORY):
        names = {name for name, gauge in GAUGES.items() if gauge.slot == slot}
        mine = [amount if name in names else None for name, amount in zip(columns["name"], quanta, strict=True)]
        sums.measure(slot, places, mine, sign)
    meant = np.array([kind == KIND for kind in columns["kind"]], dtype=bool)
    unknown = np.array([amount is None for amount in quanta], dtype=bool)
    sums.add(UNUSABLE, places[meant & unknown], sign)


def _quanta(name: str, value: float | None) -> int | None:
    gauge = GAUGES[name]
    return None if value is None or not 0 <= value <= gauge.largest else round(value * gauge.quanta)
