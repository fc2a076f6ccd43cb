"""Who may act on what they see: a refusal that says which role is missing."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from models_registry.models import User


def must(request: HttpRequest, permission: str) -> User:
    """The person, if they hold `permission`; otherwise 403 with the mend."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm(permission):
        raise PermissionDenied(
            _("You may look at this but not act on it. An administrator can put you in the group of responders.")
        )
    return user
