"""Everything between an empty data directory and the first start: tables, groups, somebody who may log in."""

from django.conf import settings
from django.core.checks import Error, run_checks
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError

from config.env import kept_secret
from models_registry.administrator import Credentials, ensure_administrator, ensure_demo_person
from models_registry.roles import ensure_roles

DEMO_USER = "atalaia"


def prepare(*, demo: bool) -> Credentials | None:
    """Migrate, bring the groups up to date, make the first administrator; what to print, if anything."""
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    ensure_roles()
    _insist_on_checks()
    if demo:
        return ensure_demo_person(username=DEMO_USER, password=kept_secret(settings.DATA_DIR, "demo_password", size=9))
    try:
        return ensure_administrator(username=settings.ADMIN_USER, password=settings.ADMIN_PASSWORD)
    except ValidationError as error:
        message = f"ATALAIA_ADMIN_PASSWORD: {' '.join(error.messages)}"
        raise CommandError(message) from error


def who_may_log_in(made: Credentials | None) -> str:
    """In words; a password that was made here is shown this once."""
    return f"user {made.username}, password {made.password}" if made else "log in with your own account"


def _insist_on_checks() -> None:
    serious = [message for message in run_checks(databases=["default"]) if message.level >= Error("").level]
    if serious:
        raise CommandError("\n".join(str(message) for message in serious))
