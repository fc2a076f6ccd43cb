"""Refusals of the API."""

from rest_framework import status
from rest_framework.exceptions import APIException


class Conflict(APIException):
    """The state of things does not allow this move."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "refused"
