"""How a request asks to remove something: by its address, with the name repeated where something would go along."""

from typing import Final

from django.db import models
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from lib.problem import Conflict
from models_registry.authenticate import actor_of
from models_registry.models import ApiKey
from models_registry.paging import asked_of
from models_registry.removal import AnotherNameError, KeptError, UnconfirmedError, remove

CONFIRM: Final = OpenApiParameter(
    "confirm", str, description="The same name as in the address: remove it together with what stands on it."
)


def remove_asked(request: Request, row: models.Model, *, key: str, more: str = "", instead: str = "") -> None:
    """Remove it, as `removal` does: 409 `confirmation_needed` or `refused`, 400 for another name or parameter."""
    confirmed, person = asked_of(request, [CONFIRM]).get("confirm"), not isinstance(request.auth, ApiKey)
    by = actor_of(request)
    try:
        remove(row, key=key, confirmed=confirmed, by=by, person=person, more=more, instead=instead)
    except AnotherNameError as error:
        raise ValidationError({"confirm": str(error)}) from error
    except UnconfirmedError as error:
        raise Conflict(str(error), code="confirmation_needed") from error
    except KeptError as error:
        raise Conflict(str(error)) from error
