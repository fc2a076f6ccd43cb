"""What leads out of the panel: settings that hold together, mail, channels with secrets that can be read, somebody who watches."""

import smtplib
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core import checks
from django.core.mail import get_connection

from alerting.models import AlertRule, Channel, Notification
from alerting.notify.breaker import OPENS_AFTER
from config.doctor.finding import Finding, fail, ok, warn
from lib.vault import VaultError, unseal
from models_registry.models import Project
from monitoring.models import StageRun

PATIENCE_S: Final = 5
SMTP: Final = "django.core.mail.backends.smtp.EmailBackend"


def configuration(_real_now: datetime) -> Iterator[Finding]:
    """What Django's system checks say; those of a public installation too, where the panel is one."""
    found = checks.run_checks(include_deployment_checks=settings.BEHIND_TLS, databases=["default"])
    loud = [message for message in found if message.level >= checks.WARNING and not message.is_silenced()]
    for message in loud:
        tell = fail if message.level >= checks.ERROR else warn
        yield tell("settings", f"{message.id}: {message.msg}", str(message.hint or "See docs/settings.md."))
    if not loud:
        yield ok("settings", "the system checks have nothing to say")


def mail(_real_now: datetime) -> Iterator[Finding]:
    """A server that takes mail, where a channel wants to send some. It is greeted and left again; nothing is sent."""
    wanted = Channel.objects.filter(kind=Channel.Kind.EMAIL, enabled=True).count()
    if settings.EMAIL_BACKEND != SMTP:
        says = f"{wanted} channels send mail, and ATALAIA_EMAIL_BACKEND keeps it here ({settings.EMAIL_BACKEND.split('.')[-2]})"
        yield (
            warn("mail", says, f"Set ATALAIA_EMAIL_BACKEND={SMTP} and ATALAIA_EMAIL_HOST.")
            if wanted
            else ok("mail", "not set up, and no channel needs it")
        )
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    connection = get_connection(timeout=PATIENCE_S)
    try:
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        mend = "Look at ATALAIA_EMAIL_HOST, _PORT, _USER, _PASSWORD and _TLS, and whether this machine may reach it."
        yield fail("mail", f"{where} takes no mail from here: {type(error).__name__}: {error}", mend)
        return
    yield ok("mail", f"{where} answers")


def channels(_real_now: datetime) -> Iterator[Finding]:
    """Channels that fail, secrets that nobody can read any more, messages that were given up, alerts that reach nobody."""
    found = list(Channel.objects.filter(enabled=True).select_related("project").order_by("project__slug", "name"))
    faults = [finding for channel in found for finding in _of_channel(channel)]
    yield from faults
    given_up = Notification.objects.filter(state=Notification.State.DEAD).count()
    if given_up:
        mend = "Mend the channel, look with `manage.py send_test NAME`, then `manage.py replay --messages --all`."
        yield warn("channels", f"{given_up} messages were given up", mend)
    deaf = Project.objects.filter(pk__in=AlertRule.objects.filter(enabled=True).values("project")).exclude(
        pk__in=[channel.project_id for channel in found]
    )
    for project in deaf:
        mend = "Add a channel in the admin, or with `manage.py apply`."
        yield warn("channels", f"project {project.slug} has rules and no channel: its alerts reach nobody", mend)
    if not faults and not given_up and not deaf:
        yield ok("channels", f"{len(found)}, none fails")


def _of_channel(channel: Channel) -> Iterator[Finding]:
    name = f"{channel.project.slug}/{channel.name}"
    if channel.secret:
        try:
            unseal(channel.secret)
        except VaultError as error:
            yield fail("channels", f"{name}: its secret cannot be read", str(error))
    if channel.failures >= OPENS_AFTER:
        mend = f"Mend the receiver, then `manage.py send_test {channel.name!r} --project {channel.project.slug}`."
        yield fail("channels", f"{name}: {channel.failures} failures in a row: {channel.last_error}", mend)
    elif channel.failures:
        yield warn(
            "channels",
            f"{name}: {channel.failures} failures in a row: {channel.last_error}",
            "It is tried again by itself.",
        )


def watcher(_real_now: datetime) -> Iterator[Finding]:
    """Whether somebody outside would notice that the panel died."""
    barking = Channel.objects.filter(kind=Channel.Kind.ALERTMANAGER, enabled=True).exists()
    run = StageRun.objects.filter(stage="watch").first()
    lost = [fact for fact in run.facts if fact.get("code") in ("heartbeat", "watchdog")] if run else []
    for fact in lost:
        yield warn(
            "watcher",
            f"a {fact['code']} did not arrive: {fact.get('name', '')}",
            "Look whether its address is right and may be reached.",
        )
    if not lost and (settings.HEARTBEAT_URL or barking):
        yield ok("watcher", "somebody outside hears that the panel is alive")
    elif not lost and settings.BEHIND_TLS:
        yield warn(
            "watcher",
            "nobody outside would notice that the panel died",
            "Set ATALAIA_HEARTBEAT_URL; see docs/operations.md.",
        )
    elif not lost:
        yield ok("watcher", "none, as on a laptop")
