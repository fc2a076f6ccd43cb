"""What a command line names: a project, a person, a time, several of a project's things; or what is there instead."""

import getpass
from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from django.core.management.base import CommandError
from django.db.models import Model, QuerySet

from lib import clock
from models_registry.models import Project, User

UNKNOWN = 2  # the exit code of a name that leads nowhere, apart from that of an answer which is no
Row = TypeVar("Row", bound=Model)


def moment_named(text: str) -> datetime:
    """A time as the contract writes it, for `type=` of an argument."""
    try:
        moment = clock.read_moment(text)
    except ValueError as error:
        raise ArgumentTypeError(f"must look like 2026-03-10T12:00:00-03:00, not {text!r}") from error
    if moment.tzinfo is None:
        raise ArgumentTypeError(f"has no offset from UTC: write {text}Z, or {text}-03:00")
    return moment


def project_named(slug: str | None) -> Project:
    """That of the slug; without one the only project there is."""
    projects = Project.objects.order_by("slug")
    found = list(projects.filter(slug=slug)[:1] if slug else projects[:2])
    if len(found) == 1:
        return found[0]
    there = ", ".join(projects.values_list("slug", flat=True)[:20]) or "none yet"
    message = f"there is no project {slug!r}" if slug else "name the project with --project"
    raise CommandError(f"{message}; there are: {there}", returncode=UNKNOWN)


def person_named(username: str | None) -> User:
    """Who acts: the user of this name; without one whoever is logged in here under a name that the panel knows."""
    asked = username or _login()
    found = User.objects.filter(username=asked, is_active=True).first() if asked else None
    if found is None:
        mend = f"there is no active user {asked!r}" if username else "say who acts"
        raise CommandError(f"{mend}: --by USER, with a user name of the panel", returncode=UNKNOWN)
    return found


def rows_named(rows: QuerySet[Row], field: str, names: Sequence[str], what: str) -> list[Row]:
    """In the order of the names; of all of them if none is given. An unknown one is refused with what is there."""
    if not names:
        return list(rows)
    found: dict[str, Row] = {str(getattr(row, field)): row for row in rows.filter(**{f"{field}__in": names})}
    if unknown := [name for name in names if name not in found]:
        there = ", ".join(map(str, rows.order_by(field).values_list(field, flat=True)[:20])) or "none"
        raise CommandError(f"there is no {what} {unknown[0]!r}; there are: {there}", returncode=UNKNOWN)
    return [found[name] for name in dict.fromkeys(names)]


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in containers
        return ""
