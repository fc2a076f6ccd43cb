"""A JSON array into the bytes of its elements, without recursion and without trusting what is inside them.

Only for bodies that no parser takes whole, so that a NaN or a broken item costs that item and not its neighbours.
"""

import re

# Possessive, and an unclosed string runs to the end: every byte is looked at once.
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)


def split_array(data: bytes) -> list[bytes] | None:
    """The elements' bytes; None where the array itself is broken (unbalanced, cut off, something after it)."""
    text = data.strip()
    depth, start = 0, 1
    parts: list[bytes] = []
    for token in TOKEN.finditer(text):
        mark = token[0]
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
            if depth == 0:
                return _finish(text, [*parts, text[start : token.start()]], token.end())
        elif mark == b"," and depth == 1:
            parts.append(text[start : token.start()])
            start = token.end()
    return None


def _finish(text: bytes, parts: list[bytes], end: int) -> list[bytes] | None:
    parts = [part.strip() for part in parts]
    if end != len(text) or not text.endswith(b"]") or not all(parts):
        return None
    return parts
