"""Two panels never share a port, though the web server would let them."""

from pathlib import Path

import pytest
from django.core.management.base import CommandError

from config.management.commands import up


@pytest.fixture(autouse=True)
def locks_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "gettempdir", lambda: str(tmp_path))


def test_the_second_panel_on_a_port_is_told_who_has_it_and_what_to_do() -> None:
    with up._port_of_ours("127.0.0.1", 8195):
        with pytest.raises(CommandError, match=r"another panel on it.*choose another with --port"):
            up._port_of_ours("127.0.0.1", 8195)
        with up._port_of_ours("127.0.0.1", 8196):
            pass


def test_a_port_is_free_again_when_its_panel_has_ended() -> None:
    with up._port_of_ours("127.0.0.1", 8195):
        pass
    with up._port_of_ours("127.0.0.1", 8195):
        pass
