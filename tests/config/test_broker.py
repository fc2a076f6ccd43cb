"""Whether the broker answers: our own over its socket, another by its address."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from config import broker


@pytest.fixture
def own(settings: Any) -> Iterator[Path]:
    with TemporaryDirectory(prefix="atalaia-") as name:  # short enough for a socket's path
        settings.REDIS_URL, settings.DATA_DIR = "", Path(name)
        yield Path(name)


@pytest.fixture
def running(own: Path) -> Iterator[Path]:
    server = broker.find_server()
    assert server is not None
    process = subprocess.Popen(broker.server_command(server))
    until = time.monotonic() + 10
    while not broker.answers() and time.monotonic() < until:
        pass
    yield broker.socket_path()
    process.terminate()
    process.wait()


def test_our_own_answers_once_it_runs(running):
    assert broker.answers()


def test_nobody_answers_where_nothing_listens(own):
    assert not broker.answers()


def test_a_server_that_is_given_is_asked_by_its_address(running, settings):
    settings.REDIS_URL = f"unix://{running}"
    assert broker.answers()
    settings.REDIS_URL = f"unix://{running}.gone"
    assert not broker.answers()


def test_a_socket_that_is_left_over_is_no_answer(own):
    broker.socket_path().parent.mkdir()
    broker.socket_path().touch()
    assert not broker.answers()
