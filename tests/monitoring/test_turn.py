"""Turns at writing: one at a time, none for ever, and the kernel ends the turn of the dead."""

import fcntl
import threading
from pathlib import Path

import pytest
from django.db import connection

from monitoring.storage import turn


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "some.sqlite3"
    path.touch()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(path))
    monkeypatch.setattr(connection, "vendor", "sqlite")
    return path


def _is_free(database: Path) -> bool:
    with open(f"{database}-turn", "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_the_other_waits_and_then_has_its_turn(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    seen_waiting = threading.Event()
    monkeypatch.setattr(turn.time, "sleep", lambda _seconds: seen_waiting.set())

    def other() -> None:
        connection.settings_dict["NAME"], before = str(database), connection.settings_dict["NAME"]
        connection.vendor = "sqlite"  # Django's connections belong to threads
        try:
            with turn.write_turn():
                order.append("other")
        finally:
            connection.settings_dict["NAME"] = before

    with turn.write_turn():
        assert not _is_free(database)
        thread = threading.Thread(target=other)
        thread.start()
        assert seen_waiting.wait(10)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]
    assert _is_free(database)


def test_without_a_file_there_is_no_turn_and_the_write_goes_on(database: Path) -> None:
    Path(f"{database}-turn").mkdir()  # cannot be opened as a file
    done = False
    with turn.write_turn():
        done = True
    assert done


def test_a_turn_that_fails_ends(database: Path) -> None:
    with pytest.raises(ZeroDivisionError), turn.write_turn():
        _ = 1 / 0
    assert _is_free(database)


def test_who_waited_long_enough_goes_on_without(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "PATIENCE_S", 0.01)
    with open(f"{database}-turn", "ab") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        with turn.write_turn():
            assert not _is_free(database)
