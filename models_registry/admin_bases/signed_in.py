"""Who is at the page."""

from django.http import HttpRequest

from models_registry.models import User


def person(request: HttpRequest) -> User:
    """Who is signed in; pages that ask are behind a login."""
    if not isinstance(request.user, User):
        raise PermissionError("Sign in first.")
    return request.user
