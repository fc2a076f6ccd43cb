"""Secrets are sealed with the newest key and read with any that is still there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.vault import VaultError, holds, seal, unseal


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_can_be_unsealed_and_does_not_show(text):
    data = seal(text)
    assert unseal(data) == text
    assert unseal(memoryview(data)) == text
    assert len(text) < 8 or text.encode() not in data


def test_a_new_key_in_front_seals_and_the_old_one_still_reads(settings):
    settings.CHANNEL_KEY = "old"
    before = seal("whsec_x")
    settings.CHANNEL_KEY = "new, old"
    after = seal("whsec_x")
    assert unseal(before) == unseal(after) == "whsec_x"
    assert before.split(b":")[0] != after.split(b":")[0], "the key id tells them apart"
    settings.CHANNEL_KEY = "new"
    assert unseal(after) == "whsec_x"
    with pytest.raises(VaultError, match="ATALAIA_CHANNEL_KEY"):
        unseal(before)


def test_whether_a_row_has_a_secret_already(settings):
    data = seal("whsec_x")
    assert holds(data, "whsec_x")
    assert not holds(data, "whsec_y")
    assert not holds(b"", "")
    settings.CHANNEL_KEY = "another"
    assert not holds(data, "whsec_x"), "what cannot be read is written anew"


@pytest.mark.parametrize("damaged", [b"", b"nonsense", b":", b"\xff:\xff"])
def test_what_was_not_sealed_here_is_refused(damaged):
    with pytest.raises(VaultError):
        unseal(damaged)


def test_a_changed_secret_is_refused():
    data = bytearray(seal("whsec_x"))
    data[-5] ^= 1
    with pytest.raises(VaultError):
        unseal(bytes(data))
