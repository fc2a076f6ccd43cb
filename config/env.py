"""Strict readers of environment variables: a typo stops the start instead of changing its meaning."""

import os
import re
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ORIGIN = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?")


def env_str(name: str, default: str = "") -> str:
    """The variable, or the first line of the file that `NAME_FILE` points to (Docker and systemd secrets)."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").splitlines()[0].strip()
        except (OSError, IndexError, UnicodeDecodeError) as error:
            message = f"{name}_FILE points to {path!r}, which cannot be read: {error}"
            raise ImproperlyConfigured(message) from error
    return os.environ.get(name, default)


def env_bool(name: str, *, default: bool) -> bool:
    """Only True or False; `1`, `yes` and typos are refused."""
    value = env_str(name, str(default))
    if value not in {"True", "False"}:
        message = f"{name} must be True or False, not {value!r}"
        raise ImproperlyConfigured(message)
    return value == "True"


def env_int(name: str, default: int) -> int:
    """A whole number, nothing around it."""
    value = env_str(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        message = f"{name} must be a whole number, not {value!r}"
        raise ImproperlyConfigured(message) from error


def env_list(name: str) -> list[str]:
    """Comma-separated values, empty ones dropped."""
    return [part.strip() for part in env_str(name).split(",") if part.strip()]


def env_origins(name: str) -> list[str]:
    """Comma-separated origins such as https://app.example or https://*.app.example:8443, and nothing that could be more."""
    origins = env_list(name)
    for origin in origins:
        if ORIGIN.fullmatch(origin) is None:
            message = f"{name} lists origins such as https://app.example, without a path; {origin!r} is none"
            raise ImproperlyConfigured(message)
    return origins


def kept_secret(folder: Path, name: str, *, size: int = 48) -> str:
    """A secret of `size` random bytes made at the first call and kept in the folder, readable by its owner only."""
    path = folder / name
    if not path.exists():
        candidate = path.with_name(f"{name}.{secrets.token_hex(4)}")
        candidate.touch(mode=0o600)
        candidate.write_text(secrets.token_urlsafe(size), encoding="utf-8")
        try:
            path.hardlink_to(candidate)
        except FileExistsError:
            pass  # another process of the group was first; its secret counts
        finally:
            candidate.unlink()
    return path.read_text(encoding="utf-8").strip()


def database_from_url(url: str) -> dict[str, object]:
    """`sqlite:///relative.sqlite3`, `sqlite:////absolute.sqlite3` or `postgresql://user:password@host:port/name`.

    `?host=/folder` names the folder of PostgreSQL's socket.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path.removeprefix("/")}
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or "") or parse_qs(parts.query).get("host", [""])[0],
            "PORT": str(parts.port or ""),
        }
    message = f"DATABASE_URL must start with sqlite:/// or postgresql://, not {parts.scheme!r}"
    raise ImproperlyConfigured(message)
