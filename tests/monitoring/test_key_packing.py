"""Keys go to PostgreSQL by columns or by rows, and the bytes are the same."""

from hypothesis import given
from hypothesis import strategies as st

from monitoring.drain.keys import pack_columns, pack_rows
from monitoring.models.inbox import EventKind

LONG = st.integers(-(2**63), 2**63 - 1)


@given(
    entries=st.lists(
        st.tuples(st.binary(min_size=16, max_size=16), LONG, LONG), min_size=1, unique_by=lambda row: row[0]
    ),
    kind=st.sampled_from(EventKind.values),
)
def test_columns_are_packed_as_sorted_rows_are(entries: list[tuple[bytes, int, int]], kind: str) -> None:
    keys, refs, seen = (list(column) for column in zip(*entries, strict=True))
    rows = sorted((key, kind, ref, at) for key, ref, at in entries)
    assert pack_columns(kind, keys, refs, seen) == pack_rows(rows)
