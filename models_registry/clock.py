"""Read and move the clock row (see `lib.clock`)."""

from datetime import datetime

from lib import clock
from models_registry.models import Clock


def current_face() -> clock.ClockFace | None:
    """The row as a face; None where time is real."""
    row = Clock.objects.filter(pk=1).values_list("real", "story", "rate").first()
    return None if row is None else clock.ClockFace(*row)


def set_clock(*, story: datetime, rate: float, real: datetime) -> None:
    """From `real` on, story time starts at `story` and runs at `rate` (0 stands still)."""
    Clock.objects.update_or_create(pk=1, defaults={"story": story, "rate": rate, "real": real})
    clock.forget()


def release_clock() -> None:
    """Back to real time."""
    Clock.objects.all().delete()
    clock.forget()
