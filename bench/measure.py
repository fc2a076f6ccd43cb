"""`python -m bench.measure`: what `bench.ingest` starts once for each database."""

import argparse
import sys
from collections.abc import Iterator

import bench.ready  # noqa: F401 - before what has models
from bench.ingest import Line
from bench.lines import print_lines
from bench.run import Run


def main() -> int:
    """All measurements on the database of this process; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    return print_lines(_lines(options), about=f"{options.events} events, ")


def _lines(options: argparse.Namespace) -> Iterator[Line]:
    """The run begins with a project, so it is made once there are tables."""
    yield from Run(events=options.events, seconds=options.seconds).lines()


if __name__ == "__main__":
    sys.exit(main())
