"""How it is written down what a client never tells."""


def said_never(fields: str) -> tuple[str, ...]:
    """Fields and cases, by blanks."""
    return tuple(fields.split())


def each(field: str, cases: str) -> tuple[str, ...]:
    """A field of several cases, by blanks."""
    return tuple(f"{case}.{field}" for case in cases.split())
