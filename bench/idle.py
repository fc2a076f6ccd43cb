"""`python -m bench.idle [SECONDS]`: memory and processor of a running `manage.py up`, all processes together.

Reads the list that the supervisor keeps in the data directory (ATALAIA_DATA_DIR, else var/demo). Memory is PSS, so pages
that processes share are counted once. Pause the stream first: `manage.py stream --pause` with the same data directory
(Linux only).
"""

import json
import os
import sys
import time
from pathlib import Path

from bench.ingest import Line

MAX_MEGABYTES = 450
MAX_PERCENT = 3.0


def tree(root: int) -> list[int]:
    """The process and all of its descendants."""
    found = [root]
    for task in Path(f"/proc/{root}/task").glob("*/children"):
        for child in task.read_text().split():
            found += tree(int(child))
    return found


def pss(pid: int) -> float:
    """Megabytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def processor(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(seconds: float) -> int:
    folder = Path(os.environ.get("ATALAIA_DATA_DIR", "var/demo"))
    supervisor = int((folder / "up.lock").read_text())
    names = {row["pid"]: row["name"] for row in json.loads((folder / "processes.json").read_text())}
    pids = tree(supervisor)
    before = {pid: processor(pid) for pid in pids}
    time.sleep(seconds)
    memory = {pid: pss(pid) for pid in pids}
    used = {pid: 100 * (processor(pid) - before[pid]) / seconds for pid in pids}
    for pid in pids:
        name = names.get(pid, "supervisor" if pid == supervisor else "worker of the web server")
        print(f"{name:26} {memory[pid]:7.1f} MB PSS {used[pid]:6.2f} % of a core")
    total, percent = sum(memory.values()), sum(used.values())
    print(f"{'together':26} {total:7.1f} MB PSS {percent:6.2f} % of a core over {seconds:g} s")
    lines = [
        Line("memory", f"{total:.0f} MB PSS", f"<= {MAX_MEGABYTES} MB", total <= MAX_MEGABYTES),
        Line("processor", f"{percent:.1f} % of a core", f"<= {MAX_PERCENT:g} %", percent <= MAX_PERCENT),
    ]
    print(*lines, sep="\n")
    return 0 if all(line.passed for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
