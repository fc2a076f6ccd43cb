"""The lines of a bench on the database of its process, printed as they are made."""

import os
from collections.abc import Iterable

from django.core.management import call_command
from django.db import connection

from bench.ingest import Line


def print_lines(lines: Iterable[Line], *, about: str = "") -> int:
    """Migrate, then measure and print; 1 if a target was missed."""
    call_command("migrate", verbosity=0)
    print(f"\n{connection.vendor}, {about}{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    failed = 0
    for line in lines:
        print(line, flush=True)
        failed += not line.passed
    return 1 if failed else 0
