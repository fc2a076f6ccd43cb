"""`python -m bench.measure`: what `bench.ingest` starts once for each database."""

import argparse
import os
import sys

from django.core.management import call_command
from django.db import connection

import bench.ready  # noqa: F401 - before what has models
from bench.run import Run


def main() -> int:
    """All measurements on the database of this process; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    load = f"load {os.getloadavg()[0]:.1f}"
    print(f"\n{connection.vendor}, {options.events} events, {os.cpu_count()} cores, {load}", flush=True)
    failed = 0
    for line in Run(events=options.events, seconds=options.seconds).lines():
        print(line, flush=True)
        failed += not line.passed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
