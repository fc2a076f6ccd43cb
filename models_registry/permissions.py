"""Who may: a key by its scopes, a person by their Django permissions."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from models_registry.models import ApiKey, User

if TYPE_CHECKING:  # rest_framework.views loads this module while it is being loaded itself
    from rest_framework.views import APIView

OF_PEOPLE = "A key belongs to one project, and this is about the whole installation: people do it, with their session."


class ScopeOrPermission(BasePermission):
    """Read from the view's attributes.

    `scope` is what a key needs for safe methods (default "read"), `write_scope` for the others (default "respond").
    `read_permission` is what a person needs to look (default "models_registry.view_project", which all three groups
    have), `permission` to change; without it nobody changes. `delete_scope` and `delete_permission` are what DELETE needs,
    where that is more. `people_only` refuses every key: what it is about is of no project, and a key is of one.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether this request may reach the view; the message of a refused key names the scope.

        What the view does not do at all is let through to its 405: no scope and no group would help.
        """
        safe = request.method in SAFE_METHODS
        if request.auth is not None and not (safe or hasattr(view, str(request.method).lower())):
            return True
        if isinstance(request.auth, ApiKey):
            if getattr(view, "people_only", False):
                self.message = OF_PEOPLE
                return False
            needed = _scope(view, str(request.method), safe=safe)
            self.message = f"This key lacks the scope `{needed}`; ask for a key that has it."
            return needed in request.auth.scopes
        if not isinstance(request.user, User) or not request.user.is_active:
            return False
        if safe:
            return request.user.has_perm(getattr(view, "read_permission", "models_registry.view_project"))
        wanted = getattr(view, "permission", None)
        if request.method == "DELETE":
            wanted = getattr(view, "delete_permission", wanted)
        return wanted is not None and request.user.has_perm(wanted)


def _scope(view: "APIView", method: str, *, safe: bool) -> str:
    if safe:
        return str(getattr(view, "scope", "read"))
    wanted = getattr(view, "write_scope", "respond")
    return str(getattr(view, "delete_scope", wanted) if method == "DELETE" else wanted)
