"""Times in bodies and answers of the API, as the contract writes them."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import models
from rest_framework import serializers

from lib import clock

Row = TypeVar("Row", bound=models.Model)


class MomentField(serializers.DateTimeField):
    """RFC 3339 with offset, or a number: epoch seconds, or milliseconds. One without an offset is refused, since only its
    sender knows where it is so late. Answers are in UTC.
    """

    default_error_messages = {
        "invalid": "Write the time as RFC 3339 with offset (2026-03-01T12:00:00Z) or as epoch seconds or milliseconds.",
        "naive": "Add the offset from UTC, for example Z or -03:00.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)

    def to_internal_value(self, value: Any) -> datetime:
        """Aware."""
        try:
            found = clock.read_moment(str(value).strip())
        except ValueError:
            self.fail("invalid")
        if found.tzinfo is None:
            self.fail("naive")
        return found


class RowSerializer(serializers.ModelSerializer[Row]):
    """Of a row of a table, with its times as the contract writes them."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: MomentField,
    }
