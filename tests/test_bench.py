"""The bench leaves nothing running behind, however it ends."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PARENT = """
import sys, time
from bench.server import running
with running([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
    print(process.pid, flush=True)
    time.sleep(600)
"""
GIVE_UP = 30.0


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_what_the_bench_started_ends_when_it_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True) as bench:
        assert bench.stdout is not None
        started = int(bench.stdout.readline())
        assert is_alive(started)
        bench.kill()
    until = time.monotonic() + GIVE_UP
    while is_alive(started) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_alive(started)


def test_the_comparison_with_others_is_found_at_the_bench_of_ingest():
    """All that follows `--peers` is for `bench.peers`."""
    command = [sys.executable, "-m", "bench.ingest", "--events", "7", "--peers", "--share", "nothing"]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert asked.returncode == 2
    assert "peers.py: error: argument --share: invalid float value: 'nothing'" in asked.stderr
