"""The client library as a wheel (PyPA's binary distribution format), made of the sources beside the panel.

So a machine without a way out installs it from the panel it will talk to. It has no dependencies and nothing to compile, so
it is a zip file of its modules, its metadata and their digests.
"""

import base64
import hashlib
import io
import tomllib
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "sdk"
STAMP = (2020, 1, 1, 0, 0, 0)  # the same sources make the same bytes


@dataclass(frozen=True, slots=True)
class Wheel:
    """Its file name, which installers read, and its bytes."""

    name: str
    content: bytes


@cache
def client_wheel() -> Wheel:
    """`OSError` where the sources were not installed with the panel."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    info = f"{name}-{version}.dist-info"
    about = [f"Name: {name}", f"Version: {version}", f"Summary: {project['description']}"]
    metadata = ["Metadata-Version: 2.1", *about, f"Requires-Python: {project['requires-python']}", ""]
    tags = ["Wheel-Version: 1.0", "Generator: atalaia", "Root-Is-Purelib: true", "Tag: py3-none-any", ""]
    files = {str(path.relative_to(FOLDER / "src")): path.read_bytes() for path in _sources()}
    files[f"{info}/METADATA"] = "\n".join(metadata).encode()
    files[f"{info}/WHEEL"] = "\n".join(tags).encode()
    record = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    return Wheel(f"{name}-{version}-py3-none-any.whl", _zipped(files))


def _sources() -> list[Path]:
    found = (FOLDER / "src").rglob("*")
    return sorted(path for path in found if path.suffix in {".py", ".typed"})


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, STAMP), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()
