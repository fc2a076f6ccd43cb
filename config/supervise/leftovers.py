"""One supervisor per data directory, and an end to whatever a killed one left behind.

On Linux the kernel ends the children of a killed supervisor (see `child`). Elsewhere, and for their own children,
the list of processes kept here lets the next start finish the job.
"""

import fcntl
import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

PATIENCE_SECONDS = 5.0


class AlreadyRunningError(Exception):
    """Another supervisor holds this data directory."""


def take_lock(path: Path) -> IO[str]:
    """Hold the data directory as long as the returned file stays open; the kernel lets go when we die."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise AlreadyRunningError(holder) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def born(pid: int) -> str:
    """When the process started, as its system tells it; empty when there is none. A reused pid differs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        pass
    if Path("/proc/self/stat").exists():
        return ""
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return listed.stdout.strip()


def remember(path: Path, pids: dict[str, int]) -> None:
    """Write down who runs, in one step, so that a reader never sees half a list."""
    rows = [{"name": name, "pid": pid, "born": born(pid)} for name, pid in pids.items()]
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(rows), encoding="utf-8")
    draft.replace(path)


def end_leftovers(path: Path) -> list[str]:
    """Stop the processes of the list that still live, with all of their group; their names."""
    living = [row for row in _read(path) if row["born"] and born(row["pid"]) == row["born"]]
    for row in living:
        _signal_group(row["pid"], signal.SIGTERM)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and any(born(row["pid"]) == row["born"] for row in living):
        time.sleep(0.05)
    for row in living:
        _signal_group(row["pid"], signal.SIGKILL)
    path.unlink(missing_ok=True)
    return [row["name"] for row in living]


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return rows


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
