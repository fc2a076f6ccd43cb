"""However often an import is stopped, and wherever: in the end it is as if it had been done in one go."""

import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import OutputWrapper
from django.db import OperationalError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.history import bring as way
from config.history.bring import Asked, bring, until_told
from config.history.progress import END_OF_LINE, OVER, Progress
from lib import clock
from models_registry.models import Project
from monitoring.drain import drain_until_empty
from monitoring.ingest import backpressure
from monitoring.ingest.history import files
from monitoring.ingest.history.admit import MovedOnError, admit, begin, rules_of_history
from monitoring.ingest.history.items import Reading
from monitoring.ingest.history.wanted import Wanted
from monitoring.ingest.store import committer
from monitoring.models import HistoryImport, InboxBody, Prediction
from monitoring.selectors.ledger import read_ledger
from tests.history import rows
from tests.history.rows import bring_refused, flat, prediction, waiting

pytestmark = pytest.mark.django_db
SILENT = OutputWrapper(StringIO())
BAD = ("score", "high"), ("model", ""), ("ts", "never")
ROW = st.sampled_from(["good", "own", "score", "model", "ts", "short"])
NAMES = st.sampled_from(["h.csv", "h.csv.gz", "h.jsonl"])


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """Blocks of so many rows."""
    before, files.ROWS = files.ROWS, size
    try:
        yield
    finally:
        files.ROWS = before


def asked(project: Project, path: Path, **more: Any) -> Asked:
    return Asked(project, path, Wanted("prediction"), "{}", "utf-8-sig", "", **more)


class After(threading.Event):
    """Set after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.left = looks

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, timeout: float | None = None) -> bool:
        """Nobody waits here."""
        return False


def write(folder: Path, name: str, kinds: list[str], now: datetime) -> Path:
    made = []
    for place, kind in enumerate(kinds):
        row = flat(prediction(place, now, id=f"p{place % 3}" if kind == "own" else ""))
        made.append({**row, **{field: value for field, value in BAD if field == kind}})
    if name.endswith("jsonl"):
        return rows.write_lines(
            folder / name, [b"{" if kind == "short" else row for kind, row in zip(kinds, made, strict=True)]
        )
    path = rows.write_csv(folder / "plain.csv", made)
    lines = path.read_bytes().splitlines(keepends=True)
    cut = [b"1,2\r\n" if kind == "short" else line for kind, line in zip(kinds, lines[1:], strict=True)]
    path.write_bytes(b"".join([lines[0], *cut]))
    if name.endswith(".gz"):
        return Path(rows.packed(path, folder / name))
    return path.rename(folder / name)


def outcome(project: Project, path: Path, now: datetime) -> Any:
    """Everything that is left of an import."""
    items = waiting(project)
    state = HistoryImport.objects.values_list("through", "accepted", "rejected", "finished").get()
    refused = [line for file in sorted(path.parent.glob("*refused*")) for line in file.read_text().splitlines()]
    drain_until_empty(now=now)
    return items, state, refused, read_ledger(project_id=project.pk), rows.stored(project)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ROW, min_size=1, max_size=14), NAMES, st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), max_size=4)
)
def test_any_split_and_any_stop_equal_one_go(
    project: Project, now: datetime, kinds: list[str], name: str, stops: list[tuple[int, int]]
):
    found = []
    for cuts in ([], stops):
        with tempfile.TemporaryDirectory() as folder, transaction.atomic():
            path = write(Path(folder), name, kinds, now)
            for size, looks in cuts:
                with blocks_of(size):
                    bring(asked(project, path), SILENT, After(looks))
            assert not bring(asked(project, path), SILENT, threading.Event()).stopped
            found.append(outcome(project, path, now))
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert found[0][1][1] + found[0][1][2] == len(kinds)


def test_a_block_is_stored_with_how_far_it_is_or_not_at_all(project: Project, tmp_path: Path, now: datetime):
    path = rows.write_lines(tmp_path / "h.jsonl", [prediction(1, now)])
    source = files.open_source(path)
    reading = Reading(source, Wanted("prediction"), "d")
    mine = begin(project, "prediction", "d", name="h", reading="{}", again=False, now=now)
    (block,) = source.blocks()
    rules = rules_of_history(project, now=now)
    HistoryImport.objects.update(through=1)
    with pytest.raises(MovedOnError):
        admit(mine, reading.judge(block, rules), rules, real_now=now)
    assert (InboxBody.objects.count(), HistoryImport.objects.get().accepted) == (0, 0)


def test_a_busy_database_is_tried_again(
    project: Project, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    path = rows.write_lines(tmp_path / "h.jsonl", [prediction(1, now)])
    commit, fails = committer.commit_with, [OperationalError("locked"), OperationalError("locked")]

    def flaky(body: Any, also: Any) -> None:
        if fails:
            raise fails.pop()
        commit(body, also)

    monkeypatch.setattr(committer, "commit_with", flaky)
    monkeypatch.setattr(way, "AGAIN_S", 0.0)
    bring(asked(project, path), SILENT, threading.Event())
    assert len(waiting(project)) == 1


def test_ctrl_c_ends_after_the_block_and_the_command_goes_on_from_there(
    project: Project, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    path = rows.write_lines(tmp_path / "h.jsonl", [prediction(place, now) for place in range(6)])
    monkeypatch.setattr(files, "ROWS", 2)
    admit_one = way.admit

    def interrupted(*args: Any, **more: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        admit_one(*args, **more)

    monkeypatch.setattr(way, "admit", interrupted)
    code, said, told = bring_refused("predictions", str(path))
    assert (code, said) == (130, "stopped; the same command goes on from here")
    assert "stopped at row 2: 2 rows accepted, 0 refused" in told
    monkeypatch.setattr(way, "admit", admit_one)
    assert "6 rows accepted" in rows.bring("predictions", str(path))
    assert [item["id"] for item in waiting(project)] == [f"p{place}" for place in range(6)]


def test_the_second_ctrl_c_does_not_wait():
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever began this may ignore it
    try:
        with until_told() as stop:
            signal.raise_signal(signal.SIGINT)
            assert stop.is_set()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, inherited)


def test_history_takes_a_tenth_of_the_room_and_waits(project: Project, tmp_path: Path, now: datetime, settings: Any):
    settings.INGEST = {**settings.INGEST, "inbox_max_items": 40}
    path = rows.write_lines(tmp_path / "h.jsonl", [prediction(place, now) for place in range(12)])
    waits = After(8)
    with blocks_of(2):
        assert bring(asked(project, path), SILENT, waits).stopped
        assert len(waiting(project)) == 4
        backpressure.check_room(now=clock.real_now())  # there is room for everybody else
        bring(asked(project, path, drains=True), SILENT, threading.Event())
    assert (waiting(project), Prediction.objects.count()) == ([], 12)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_on_a_terminal_and_lines_now_and_then_elsewhere():
    terminal, log = OutputWrapper(Terminal()), OutputWrapper(StringIO())
    for out in (terminal, log):
        watch = Progress(out, "h.csv", first=100, last=500, ticked=1000.0)
        watch.show(100, refused=0, ticked=1000.1)
        for second in (5, 10, 12):
            watch.show(100 + 20 * second, refused=3, ticked=1000.0 + second, waits=second == 10)
        watch.end()
    told = " 60% · h.csv · row 300 of 500 · 20 rows/s · 10 s left · 3 refused · waiting for the drain"
    assert log._out.getvalue() == told + "\n"
    shown = terminal._out.getvalue()
    assert shown.count(OVER) == 4
    assert shown.endswith(OVER + END_OF_LINE)
    assert "\n" not in shown
