"""Processes end, crash and fork; threads and tasks mix: nothing is lost that need not be, and nothing is sent twice."""

import asyncio
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import KEY, refusing

import atalaia
from atalaia import spool
from atalaia.batch import Batch

SOURCE = str(Path(atalaia.__file__).parents[1])
BEGIN = "import os, sys, time, atalaia\natalaia.init()\n"


def run(code: str, url: str, *, python: str = sys.executable, **environment: str) -> subprocess.CompletedProcess:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": SOURCE, "ATALAIA_URL": url, "ATALAIA_KEY": KEY, **environment}
    return subprocess.run([python, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False)


def test_the_end_of_the_program_sends_what_waits(receiver):
    done = run(BEGIN + "for i in range(700): atalaia.prediction('m', i)", receiver.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert [item["prediction"] for item in receiver.of("predictions")] == list(range(700))


def test_an_exception_that_ends_the_program_does_not_end_the_sending(receiver):
    done = run(BEGIN + "atalaia.prediction('m', 1)\nraise SystemExit(3)", receiver.url)
    assert done.returncode == 3
    assert len(receiver.of("predictions")) == 1


@pytest.mark.parametrize("trouble", ["nobody", "busy", "hangs"])
def test_the_end_waits_two_seconds_at_most_and_says_what_was_lost(receiver, trouble):
    receiver.always = {
        "busy": refusing(503, Retry_After="1"),
        "hangs": lambda server, handler, items: time.sleep(8),
    }.get(trouble)
    url = "http://127.0.0.1:9" if trouble == "nobody" else receiver.url
    code = "atalaia.prediction('m', 1)\nprint(time.time(), flush=True)"
    done = run(BEGIN + code, url)
    assert done.returncode == 0
    assert time.time() - float(done.stdout) < 3.5  # with the interpreter's own end
    assert "1 items were not sent" in done.stderr
    assert "ATALAIA_SPOOL" in done.stderr


CRASH = (
    BEGIN + "made = atalaia.prediction('m', 1)\natalaia.flush(0.5)\nprint(made, flush=True)\nos.kill(os.getpid(), 9)"
)


def test_what_a_crash_leaves_in_the_spool_is_sent_at_the_next_start(receiver, tmp_path):
    receiver.always = refusing(503)
    crashed = run(CRASH, receiver.url, ATALAIA_SPOOL=str(tmp_path))
    assert crashed.returncode == -signal.SIGKILL
    receiver.always = None
    assert run(BEGIN + "assert atalaia.flush(10)", receiver.url, ATALAIA_SPOOL=str(tmp_path)).stderr == ""
    assert [item["id"] for item in receiver.of("predictions")] == [crashed.stdout.strip()]
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_sent_in_time_is_kept_in_the_spool(receiver, tmp_path):
    code = "ids = [atalaia.prediction('m', i) for i in range(50)]\nprint(*ids)"
    done = run(BEGIN + code, "http://127.0.0.1:9", ATALAIA_SPOOL=str(tmp_path))
    assert "not sent" not in done.stderr
    run(BEGIN + "assert atalaia.flush(10)", receiver.url, ATALAIA_SPOOL=str(tmp_path))
    assert [item["id"] for item in receiver.of("predictions")] == done.stdout.split()


def test_the_spool_of_a_living_process_is_left_alone(start, receiver, tmp_path):
    receiver.always = refusing(503, Retry_After="60")
    start(spool=str(tmp_path))
    atalaia.prediction("m", 1)
    assert not atalaia.flush(0.5)
    assert len(list(tmp_path.glob("*/*.gz"))) == 1
    before = len(receiver.requests)
    run(BEGIN + "assert atalaia.flush(10)", receiver.url, ATALAIA_SPOOL=str(tmp_path))
    assert len(receiver.requests) == before


def test_a_folder_taken_for_abandoned_before_it_was_locked_is_given_up(monkeypatch, tmp_path):
    """A process that starts at the same moment sees a new folder without a lock, empties and removes it."""
    lock, taken = spool.fcntl.flock, []

    def adopted_by_another(handle: int, how: int) -> None:
        if not taken:
            taken.extend(tmp_path.glob("*"))
            (taken[0] / spool.LOCK).unlink()
            taken[0].rmdir()
        lock(handle, how)

    monkeypatch.setattr(spool.fcntl, "flock", adopted_by_another)
    mine = spool.Spool(str(tmp_path), max_bytes=1_000)
    mine.keep(Batch("prediction", 1, body=b"x"))
    mine.close()
    assert len(taken) == 1
    assert [file.parent != taken[0] for file in tmp_path.glob("*/*.gz")] == [True]


def test_the_spool_is_bounded_and_the_oldest_makes_room(start, receiver, tmp_path):
    receiver.always = refusing(503, Retry_After="60")
    start(spool=str(tmp_path), spool_bytes=5_000, batch_items=10)
    for _ in range(200):
        atalaia.log(os.urandom(100).hex())
    assert not atalaia.flush(0.5)
    assert sum(file.stat().st_size for file in tmp_path.glob("*/*.gz")) <= 5_000
    assert atalaia.stats()["dropped"]["spool_full"] > 0


def test_a_spool_that_cannot_be_written_is_told_and_sending_goes_on(start, receiver, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    start(spool=str(tmp_path / "file"))
    atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    assert "ATALAIA_SPOOL" in caplog.text
    assert len(receiver.of("predictions")) == 1


def test_a_file_of_the_spool_that_is_not_whole_holds_nobody_up(start, receiver, tmp_path, caplog):
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "0192.prediction.3.gz").write_bytes(b"not gzip")
    (tmp_path / "gone" / "note.txt").write_text("none of ours")
    start(spool=str(tmp_path))
    atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    assert "3 items (prediction) were refused with status 400" in caplog.text
    assert len(receiver.of("predictions")) == 1


FORK = """
atalaia.prediction('m', 'parent')
children = []
for number in range(3):
    pid = os.fork()
    if pid == 0:
        atalaia.prediction('m', f'child {number}')
        sys.exit(0)
    children.append(pid)
for pid in children: os.waitpid(pid, 0)
atalaia.prediction('m', 'parent again')
"""


@pytest.mark.parametrize("spool", ["", "spool"])
def test_forks_send_their_own_and_nothing_twice(receiver, tmp_path, spool):
    done = run(BEGIN + FORK, receiver.url, ATALAIA_SPOOL=str(tmp_path / spool) if spool else "")
    assert (done.returncode, done.stderr) == (0, "")
    expected = ["child 0", "child 1", "child 2", "parent", "parent again"]
    assert sorted(item["prediction"] for item in receiver.of("predictions")) == expected
    assert len({item["id"] for item in receiver.of("predictions")}) == 5


POOL = """
import multiprocessing
def work(n): return atalaia.prediction('m', n)
if __name__ == '__main__':
    with multiprocessing.get_context('fork').Pool(2) as pool:
        pool.map(work, range(20))
        pool.close(); pool.join()
"""


def test_children_of_multiprocessing_send_before_they_end(receiver):
    done = run(BEGIN + POOL, receiver.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(item["prediction"] for item in receiver.of("predictions")) == list(range(20))


HELD = """
import threading
def record():
    while True: atalaia.prediction('m', 'noise')
for _ in range(3): threading.Thread(target=record, daemon=True).start()
for _ in range(30):
    pid = os.fork()
    if pid == 0:
        atalaia.prediction('m', 'child')
        os._exit(0 if atalaia.flush(10) else 9)
    assert os.waitpid(pid, 0)[1] == 0
os._exit(0)
"""


def test_a_fork_while_other_threads_hold_every_lock(receiver):
    done = run(BEGIN + HELD, receiver.url)
    assert done.returncode == 0, done.stderr
    assert [item["prediction"] for item in receiver.of("predictions")].count("child") == 30


def test_a_signal_handler_may_record_while_its_thread_records(receiver):
    code = """
import signal
def handler(*_): atalaia.log('tick')
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for i in range(20000): atalaia.prediction('m', i)
signal.setitimer(signal.ITIMER_REAL, 0)
print(atalaia.flush(40))
"""
    done = run(BEGIN + code, receiver.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
    assert receiver.of("logs")


def test_processes_of_a_celery_worker_send_before_they_end(receiver, tmp_path):
    here = str(Path(__file__).parent)
    env = {**os.environ, "PYTHONPATH": f"{SOURCE}:{here}", "BROKER_FOLDER": str(tmp_path), "HOME": str(tmp_path)}
    env.update(ATALAIA_URL=receiver.url, ATALAIA_KEY=KEY)
    sender = "from celery_app import score\nfor n in range(4): score.delay(n)"
    subprocess.run([sys.executable, "-c", sender], env=env, check=True, timeout=60)
    command = [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "--pool", "prefork", "--concurrency", "1"]
    worker = subprocess.Popen([*command, "--without-gossip", "--without-mingle"], env=env, stderr=subprocess.DEVNULL)
    try:
        receiver.wait_for_requests(2, 60)  # two processes have come and gone
    finally:
        worker.terminate()
        worker.wait(30)
    assert sorted(item["prediction"] for item in receiver.of("predictions")) == [0, 1, 2, 3]


def test_threads_record_at_once(start):
    receiver = start()

    def record(name):
        with atalaia.context(request_id=name):
            for number in range(200):
                atalaia.prediction("m", number)

    threads = [threading.Thread(target=record, args=[f"r-{n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert atalaia.flush(20)
    by_request: dict[str, list] = {}
    for item in receiver.of("predictions"):
        by_request.setdefault(item["request_id"], []).append(item["prediction"])
    assert by_request == {f"r-{n}": list(range(200)) for n in range(8)}


def test_tasks_keep_their_ids_apart_and_the_loop_is_never_held(start):
    receiver = start()

    async def serve(name):
        with atalaia.context(request_id=name):
            await asyncio.sleep(0.001)
            async with atalaia.llm_call("chat", prompt=name) as call:
                await asyncio.sleep(0.001)
                call.response = name
            return call.id

    async def main():
        return await asyncio.gather(*(serve(f"r-{n}") for n in range(50)))

    ids = asyncio.run(main(), debug=True)
    assert atalaia.flush(20)
    calls = receiver.of("llm-calls")
    assert {call["id"] for call in calls} == set(ids)
    assert all(call["request_id"] == call["prompt"] == call["response"] for call in calls)


def test_importing_brings_nothing_heavy():
    """What makes it quick; `bench.sdk` measures the milliseconds."""
    code = (
        "import sys, atalaia\n"
        "heavy = {'http.client', 'ssl', 'json', 'pickle', 'inspect', 'asyncio', 'sklearn', 'django', 'celery'}\n"
        "print(heavy & set(sys.modules) or 'nothing')"
    )
    assert run(code, "").stdout == "nothing\n"


def python_3_9() -> str:
    """On the path, or where pyenv puts it; empty where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [shutil.which("python3.9"), *map(str, pyenv.glob("versions/3.9*/bin/python3.9"))]
    runs = (path for path in found if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0)
    return next(runs, "")


@pytest.mark.skipif(not python_3_9(), reason="no Python 3.9 here")
def test_python_3_9_runs_it(receiver):
    code = BEGIN + (
        "import atalaia.asgi, atalaia.wsgi, atalaia.logs\n"
        "@atalaia.observe\ndef score(months: int): return months > 2\n"
        "score(3)\n"
        "with atalaia.llm_call('chat', prompt='hi') as call: call.chunk('ho')\n"
        "atalaia.feedback(call.id, True); atalaia.outcome(atalaia.prediction('m', 1.5), 2)\n"
    )
    done = run(code, receiver.url, python=python_3_9())
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(json.dumps(item["prediction"]) for item in receiver.of("predictions")) == ["1.5", "true"]
    assert receiver.of("llm-calls")[0]["response"] == "ho"
    assert len(receiver.of("feedback")) == len(receiver.of("outcomes")) == 1


def test_multiprocessing_is_what_these_tests_think_it_is():
    assert "fork" in multiprocessing.get_all_start_methods()
