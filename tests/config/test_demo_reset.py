"""`make demo-reset` removes a demonstration that has ended, and nothing else."""

import subprocess
import sys
from pathlib import Path

from django.conf import settings

from config.supervise.leftovers import take_lock


def reset(folder: Path) -> subprocess.CompletedProcess[str]:
    """Only the removal: what is started then is `make demo`, whose own tests start it."""
    command = [
        "make",
        "--old-file=setup",
        "demo-reset",
        f"PY={sys.executable}",
        "MAKE=true",
        f"ATALAIA_DATA_DIR={folder}",
    ]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)


def test_a_demonstration_that_has_ended_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "demo_password").touch()
    done = reset(folder)
    assert done.returncode == 0, done.stderr
    assert not folder.exists()


def test_a_running_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo_password").touch()
    with take_lock(tmp_path / "up.lock"):
        done = reset(tmp_path)
    assert done.returncode
    assert "stop it first" in done.stderr
    assert (tmp_path / "demo_password").exists()


def test_other_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "atalaia.sqlite3").touch()
    done = reset(tmp_path)
    assert done.returncode
    assert "holds no demonstration" in done.stderr
    assert (tmp_path / "atalaia.sqlite3").exists()
