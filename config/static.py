"""Static files: collected under names of their content, compressed, once for every change of them.

Each web process sees to it before it serves, so that no platform has to know of a further step.
"""

import fcntl
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# Of pages that the panel does not have: the browsable API and a second reader of the API's description.
UNUSED = ["rest_framework", "redoc"]


def collect() -> bool:
    """Bring `STATIC_ROOT` up to date; False if it was already. Whoever comes meanwhile waits."""
    root = Path(settings.STATIC_ROOT)
    with (settings.DATA_DIR / "static.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        stamp, found = root / "collected", _fingerprint()
        if stamp.exists() and stamp.read_text(encoding="utf-8") == found:
            return False
        call_command("collectstatic", interactive=False, verbosity=0, clear=True, ignore_patterns=[*UNUSED])
        stamp.write_text(found, encoding="utf-8")
        return True


def _fingerprint() -> str:
    """Of the storage, and of names, sizes and times of change of all sources."""
    parts = [settings.STORAGES["staticfiles"]["BACKEND"], *sorted(_sources())]
    return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _sources() -> Iterator[str]:
    for finder in get_finders():
        for name, storage in finder.list(UNUSED):
            status = Path(storage.path(name)).stat()
            yield f"{name} {status.st_size} {status.st_mtime_ns}"
