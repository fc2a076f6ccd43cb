"""Spans as a tree: clients name parents that are not here, and circles."""

from collections.abc import Mapping


def parents_of(named: Mapping[str, str]) -> dict[str, str]:
    """(span, the parent that it names) → the parent of each that has one among them; of a circle the least has none."""
    parents: dict[str, str] = {}
    settled: set[str] = set()
    for one in sorted(named):
        path: list[str] = []
        there, on_path = one, set[str]()
        while there not in settled:
            if there in on_path:
                parents.pop(min(path[path.index(there) :]), None)
                break
            path.append(there)
            on_path.add(there)
            parent = named[there]
            if parent not in named:
                break
            parents[there] = parent
            there = parent
        settled.update(path)
    return parents
