"""An item as it is at the moment of recording, copied in about two microseconds; its JSON is written in the background.

What waits is bytes: their number is the memory they take, and the garbage collector of the program never looks at them.
They are made and read within one process and never leave it.
"""

from __future__ import annotations

import pickle
from io import BytesIO
from typing import Any

from atalaia.encode import MAX_ITEM_BYTES, encode

PROTOCOL = 5


class _Freezer(pickle.Pickler):
    """Copies plain data. What else there is may change, run code or be of any size: it is refused with `TypeError`."""

    __slots__ = ()

    def reducer_override(self, value: object) -> Any:
        """Asked for everything that is not of one of the plain types itself."""
        raise TypeError(type(value))


def freeze(item: dict[str, Any]) -> bytes:
    """The copy. What is large or not plain (numpy's, times, texts of a class of their own) is written as JSON at once.

    Raises `TooLargeError`, and what the values of the program raise when they are asked.
    """
    try:
        file = BytesIO()
        freezer = _Freezer(file, PROTOCOL)
        freezer.fast = True  # what stands in it twice is copied twice, as it will be in JSON: so the size tells
        freezer.dump(item)
        frozen = file.getvalue()
        if len(frozen) <= MAX_ITEM_BYTES:
            return frozen
    except (TypeError, ValueError, RuntimeError):  # not plain, in a circle, too deep, changed by another thread
        pass
    return pickle.dumps(encode(item), PROTOCOL)


def line(frozen: bytes) -> bytes:
    """Its line of JSON. Raises `TooLargeError`."""
    thawed = pickle.loads(frozen)  # noqa: S301 - of this very process
    return thawed if isinstance(thawed, bytes) else encode(thawed)
