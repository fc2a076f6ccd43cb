"""What `atalaia.init` was told, by arguments or by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional, Union

Item = dict[str, Any]
BeforeSend = Callable[[str, Item], Optional[Item]]
Sampler = Union[float, Callable[[str, Item], float]]


class Options(NamedTuple):
    """Everything that can be chosen; `docs` of each stand in `sdk/README.md`. Times are in seconds."""

    url: str = ""
    key: str = ""
    model: str = ""
    version: str = ""
    environment: str = ""
    sample_rate: Sampler = 1.0
    before_send: BeforeSend | None = None
    capture_content: bool = True
    queue_items: int = 10_000
    queue_bytes: int = 16 * 2**20
    batch_items: int = 500
    batch_bytes: int = 2**20
    flush_interval: float = 1.0
    request_timeout: float = 10.0
    shutdown_timeout: float = 2.0
    spool: str = ""
    spool_bytes: int = 64 * 2**20


TEXTS = ("url", "key", "model", "version", "environment", "spool")
NO = {"0", "false", "no", "off"}


def read_options(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Options:
    """Arguments first, then `ATALAIA_…`, then defaults. `ValueError` names what cannot be used and its mend."""
    values = {name: environ[f"ATALAIA_{name.upper()}"] for name in TEXTS if environ.get(f"ATALAIA_{name.upper()}")}
    found: dict[str, Any] = dict(values)
    rate = environ.get("ATALAIA_SAMPLE_RATE")
    if rate:
        found["sample_rate"] = _rate(rate)
    if "ATALAIA_CAPTURE_CONTENT" in environ:
        found["capture_content"] = environ["ATALAIA_CAPTURE_CONTENT"].strip().lower() not in NO
    found.update((name, value) for name, value in given.items() if value is not None)
    found["url"] = str(found.get("url", "")).strip().rstrip("/")
    found["key"] = str(found.get("key", "")).strip()
    options = Options(**found)
    if options.key and not options.url.startswith(("http://", "https://")):
        raise ValueError("no address of the panel: set ATALAIA_URL, such as http://127.0.0.1:8000")
    if options.key and not (options.key.isascii() and options.key.isprintable()):
        raise ValueError("the key holds characters that no key has: copy it again into ATALAIA_KEY")
    return options


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"ATALAIA_SAMPLE_RATE is a number from 0 to 1, not {text!r}") from None
