"""`POST /api/v1/feedback-links`: an address where one person can rate one answer."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lib import clock
from models_registry.bodies import refuse_unless_valid
from models_registry.links import KINDS, LONGEST, OFFERED, Claims, sign_link
from models_registry.models import ApiKey
from models_registry.moments import MomentField

DEFAULT_LIFE = timedelta(days=30)
SHORTEST = timedelta(minutes=1)


class GivenLink(serializers.Serializer[Any]):
    """What to rate, and how."""

    target_id = serializers.CharField(max_length=200)
    user_id = serializers.CharField(max_length=200, required=False, allow_blank=True)
    kinds = serializers.MultipleChoiceField(choices=KINDS, required=False, allow_empty=False)
    expires_in = serializers.IntegerField(
        required=False, min_value=int(SHORTEST.total_seconds()), max_value=int(LONGEST.total_seconds())
    )


FeedbackLinkSerializer = inline_serializer("FeedbackLink", {"url": serializers.URLField(), "expires_at": MomentField()})


class FeedbackLinksView(APIView):
    """Links are signed, not stored; a key with scope `ingest` may also sign them by itself."""

    write_scope = "ingest"

    @extend_schema(request=GivenLink, responses={201: FeedbackLinkSerializer}, operation_id="feedback_link")
    def post(self, request: Request) -> Response:
        """A link for one answer, 30 days unless `expires_in` (seconds) says otherwise."""
        key = request.auth
        if not isinstance(key, ApiKey):
            raise PermissionDenied("Links are signed by a key with scope `ingest`; people have none.")
        given = GivenLink(data=request.data)
        refuse_unless_valid(given)
        asked = given.validated_data
        life = timedelta(seconds=asked["expires_in"]) if "expires_in" in asked else DEFAULT_LIFE
        ends = (clock.real_now() + life).replace(microsecond=0)
        wanted = asked.get("kinds", OFFERED)
        kinds: Any = tuple(kind for kind in KINDS if kind in wanted)
        claims = Claims(asked["target_id"], int(ends.timestamp()), asked.get("user_id", ""), kinds)
        url = f"{settings.PUBLIC_URL.rstrip('/')}/f/{sign_link(key, claims)}"
        return Response({"url": url, "expires_at": ends.isoformat()}, status=201)
