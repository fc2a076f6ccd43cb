"""One value of another tool."""

from typing import NamedTuple


class ToolValue(NamedTuple):
    """What a tool's method gives for a column, its threshold, and whether it calls that drift. `chosen`: by default."""

    method: str
    value: float
    threshold: float
    drifted: bool
    chosen: bool
