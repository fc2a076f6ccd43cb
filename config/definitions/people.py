"""People, as a file names them."""

from django.core.exceptions import ValidationError

from models_registry.models import User


def read_person(given: object) -> User | None:
    """By user name; nobody of nothing. `ValidationError` for whom the panel does not know: a file makes no people."""
    if given is None:
        return None
    found = User.objects.filter(username=str(given)).first()
    if found is None:
        raise ValidationError(
            f"there is no person {given!r}; people are named by their user names, and made in the admin"
        )
    return found


def write_person(stored: User | None) -> str | None:
    """The user name."""
    return None if stored is None else stored.get_username()
