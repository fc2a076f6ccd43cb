"""Who asks: a program with a key, or a person with a session. Both lead to exactly one project."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotFound, ValidationError
from rest_framework.request import Request

from lib import clock
from models_registry.keys import account_of, find_key
from models_registry.models import ApiKey, Project, User

MEND = "Send `Authorization: Bearer <key>` with a key that is neither revoked nor expired."


def bearer_token(header: str) -> str | None:
    """The token of an Authorization header; None where the header names no bearer."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class BearerKey(BaseAuthentication):
    """`Authorization: Bearer at_…`: `request.auth` is the ApiKey, the user is anonymous."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        """The key, None without a bearer header; a bearer that is not a live key is refused."""
        token = bearer_token(request.META.get("HTTP_AUTHORIZATION", ""))
        if token is None:
            return None
        key = find_key(token, now=clock.real_now())
        if key is None:
            raise AuthenticationFailed(MEND)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'Bearer realm="Atalaia"'


class Session(SessionAuthentication):
    """A person who logged in to the panel (writes need the CSRF token); `request.auth` is None."""


def project_of(request: Request) -> Project:
    """The key's project; a person names it with `?project=slug` (400 without it, 404 if there is none)."""
    if isinstance(request.auth, ApiKey):
        return request.auth.project
    slug = request.query_params.get("project", "")
    if not slug:
        raise ValidationError({"project": "Name the project: add ?project=<slug> to the address."})
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise NotFound("There is no project with this slug.")
    return project


def actor_of(request: Request) -> User:
    """Who acts: the person, or whoever answers for the key."""
    if isinstance(request.auth, ApiKey):
        return account_of(request.auth)
    if not isinstance(request.user, User):
        raise AuthenticationFailed(MEND)
    return request.user
