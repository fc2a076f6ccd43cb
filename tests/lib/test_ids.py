"""Identities: one per project, namespace and id, and neighbours side by side in an index."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from lib.ids import identities, identity, uuid7

HEAD = 6  # bytes that neighbours share

texts = st.text(min_size=1, max_size=60)


@given(st.lists(texts, unique=True, max_size=50))
def test_different_ids_have_different_keys_of_sixteen_bytes(ids: list[str]) -> None:
    """Also where they share their head."""
    keys = identities(1, "call", ids)
    assert len(set(keys)) == len(ids)
    assert {len(key) for key in keys} <= {16}


@given(texts, st.lists(texts, max_size=20))
def test_the_key_of_an_id_does_not_depend_on_its_company(event_id: str, others: list[str]) -> None:
    """A resend comes in another batch."""
    assert identities(1, "call", [*others, event_id])[-1] == identity(1, "call", event_id)


@given(texts)
def test_project_and_namespace_keep_ids_apart(event_id: str) -> None:
    """The same id may mean another event."""
    keys = {identity(1, "call", event_id), identity(2, "call", event_id), identity(1, "outcome", event_id)}
    assert len(keys) == 3


def test_neighbours_lie_together() -> None:
    """Counters by the thousand, time-ordered ids by their time; random ids by nothing."""

    def heads(ids: list[str]) -> int:
        return len({key[:HEAD] for key in identities(1, "call", ids)})

    assert heads([f"order-{number}" for number in range(100_000, 105_000)]) == 5
    assert heads([str(uuid7()) for _ in range(200)]) <= 2
    assert heads([uuid7().hex for _ in range(200)]) <= 2
    assert heads([str(uuid4()) for _ in range(200)]) == 200
