"""The first administrator: somebody must be able to log in after an installation."""

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password

from models_registry.models import User
from models_registry.roles import EDITOR


@dataclass(frozen=True, slots=True)
class Credentials:
    """What to print, once."""

    username: str
    password: str


def ensure_administrator(*, username: str, password: str = "") -> Credentials | None:
    """Create the first superuser, with a password made here unless one is given; None where there already is one.

    A given password goes through the password validators (ValidationError).
    """
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        return None
    person = User.objects.filter(username=username).first() or User(username=username)
    if password:
        validate_password(password, person)
    chosen = password or secrets.token_urlsafe(12)
    _make_superuser(person, chosen)
    return Credentials(username, chosen)


def ensure_demo_person(*, username: str, password: str) -> Credentials:
    """The person of the demonstration, whose password is the same at every start."""
    known = User.objects.filter(username=username).first()
    if known is None or not known.check_password(password):
        _make_superuser(known or User(username=username), password)
    return Credentials(username, password)


def _make_superuser(person: User, password: str) -> None:
    person.is_staff = person.is_superuser = person.is_active = True
    person.set_password(password)
    person.save()
    person.groups.add(Group.objects.get(name=EDITOR))
