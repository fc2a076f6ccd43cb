"""Matchers in bodies of the API: texts, read and checked as forms read them."""

from typing import Any

from rest_framework import serializers

from alerting.labels.matchers import Matcher, MatcherError, check, from_json, parse_matchers
from alerting.labels.validators import sentence


class MatchersField(serializers.ListField):
    """Matchers as text, such as `model="credit-risk"`; a text may hold several with commas."""

    child = serializers.CharField()

    def to_internal_value(self, data: Any) -> list[Matcher]:
        """Read and checked; 400 with the mend."""
        texts = super().to_internal_value(data)
        try:
            return check([one for text in texts for one in parse_matchers(text)])
        except MatcherError as error:
            raise serializers.ValidationError(sentence(error)) from error

    def to_representation(self, data: Any) -> list[str]:
        """Stored matchers as text."""
        return [str(one) for one in from_json(data)]
