"""Checks of the installation: each says what is wrong and how to mend it. `docs/settings.md` lists their ids."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError
from django.utils.module_loading import import_string

from config.stages import STAGES
from lib.clock import real_now
from models_registry.clock import current_face

MIN_SECRET = 32
CLOCK_TOLERANCE_SECONDS = 1.0


@register()
def check_workers(**_: Any) -> list[CheckMessage]:
    """SQLite has one writer at a time: more processes only wait for each other."""
    several = settings.WEB_WORKERS > 1 or settings.TASK_WORKERS > 1 or settings.TASK_THREADS > 1
    if settings.SQLITE and several:
        hint = "Leave ATALAIA_WEB_WORKERS, ATALAIA_TASK_WORKERS and ATALAIA_TASK_THREADS alone, or use PostgreSQL."
        return [Error("Several workers on SQLite.", hint=hint, id="config.E002")]
    return []


@register(Tags.security)
def check_secrets(**_: Any) -> list[CheckMessage]:
    """A short secret signs sessions that can be forged."""
    return [
        Error(f"{name} is shorter than {MIN_SECRET} characters.", hint="Use `openssl rand -base64 48`.", id=id_)
        for name, value, id_ in (
            ("ATALAIA_SECRET_KEY", settings.SECRET_KEY, "config.E003"),
            ("ATALAIA_CHANNEL_KEY", settings.CHANNEL_KEY, "config.E004"),
        )
        if len(value) < MIN_SECRET
    ]


@register()
def check_dotted_paths(**_: Any) -> list[CheckMessage]:
    """A typing error in a list of functions should stop the start, not the first use."""
    broken: list[CheckMessage] = []
    for path in [*(stage.verb for stage in STAGES), *settings.INCIDENT_LINKS, settings.CLOCK_ROW]:
        try:
            import_string(path)
        except ImportError as error:
            broken.append(Error(f"{path} leads nowhere: {error}", id="config.E005"))
    return broken


@register(Tags.security, deploy=True)
def check_exposure(**_: Any) -> list[CheckMessage]:
    """What a demonstration may do and a public installation may not."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("Debug pages show settings to everybody.", hint="Unset ATALAIA_DEBUG.", id="config.E006"))
    if not settings.BEHIND_TLS:
        hint = "Put a proxy with TLS in front and set ATALAIA_TLS=True."
        found.append(Warning("Cookies travel unencrypted.", hint=hint, id="config.W001"))
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts in ATALAIA_ALLOWED_HOSTS."
        found.append(Warning("Any Host header is accepted.", hint=hint, id="config.W002"))
    if not settings.METRICS_TOKEN:
        hint = "Set ATALAIA_METRICS_TOKEN, or keep /metrics behind the proxy."
        found.append(Warning("/metrics is open to everybody.", hint=hint, id="config.W003"))
    return found


@register(Tags.database)
def check_clock(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Outside a demonstration time is real: a clock row left behind would judge the past."""
    if not databases or settings.DEMO:
        return []
    try:
        face = current_face()
    except DatabaseError:
        return []  # not migrated yet
    if face is None:
        return []
    now = real_now()
    lag = (now - face.at(now)).total_seconds()
    if face.rate == 1 and lag <= CLOCK_TOLERANCE_SECONDS:
        return []
    hint = "In a demonstration set ATALAIA_DEMO=True; elsewhere delete the row (`manage.py shell`: release_clock() of models_registry.clock)."
    message = f"The clock runs at {face.rate:g} times real time and is {lag:.0f} s behind."
    return [Error(message, hint=hint, id="config.E001")]
