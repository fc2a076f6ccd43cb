"""What the processes that serve a model take of the machine: as events tell it, and as metrics of OpenTelemetry do. Pure."""

from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import MILLIONTHS
from monitoring.stats.metrics import sum_of
from monitoring.stats.tally import Subject, Tally

CPU, MEMORY = "process.cpu.utilization", "process.memory.usage"  # as metrics of OpenTelemetry tell them


def process_cpu(tally: Tally, subject: Subject) -> Reading:
    """The mean of the samples: 1 is all processors busy."""
    samples = tally.cell("process_cpu")
    return _mean(samples.total / MILLIONTHS, samples.n, *sum_of(tally, CPU))


def process_memory(tally: Tally, subject: Subject) -> Reading:
    """The mean of the samples, in bytes."""
    samples = tally.cell("process_memory")
    return _mean(samples.total, samples.n, *sum_of(tally, MEMORY))


def _mean(total: float, n: int, further: float, more: int) -> Reading:
    """Of the samples of events and of those of metrics together."""
    return Reading((total + further) / (n + more) if n + more else None, n + more)
