"""Reviews for programs: read, begun, written, published, and what they say of alerts."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.conflict import Conflict
from alerting.answers.incidents import incident_of
from alerting.errors import Refused
from alerting.models import Alert, AlertVerdict
from lib import clock
from models_registry.authenticate import actor_of, project_of
from models_registry.bodies import refuse_unless_valid
from models_registry.moments import RowSerializer
from runbooks.answers import ActionItemSerializer, review_of
from runbooks.draft import draft_body
from runbooks.models import Review
from runbooks.review import StaleReview, begin_review, publish_review, review_markdown, save_review, times
from runbooks.verdicts import judge_alert

RECENT = 200
LONGEST = 200_000


class Stale(Conflict):
    """Somebody saved another text meanwhile."""

    default_code = "stale_review"


class ReviewSerializer(RowSerializer[Review]):
    """A review without its text."""

    incident = serializers.SlugRelatedField[Any](slug_field="number", read_only=True)

    class Meta:
        """Identity and state."""

        model = Review
        fields = ["incident", "state", "created_at", "edited_at", "published_at"]


class ReviewListSerializer(serializers.Serializer[dict[str, Any]]):
    """Newest first."""

    items = ReviewSerializer(many=True)


class VerdictSerializer(serializers.Serializer[dict[str, Any]]):
    """An alert of the incident, and whether it was worth waking up for; null: nobody said."""

    alert = serializers.IntegerField()
    rule = serializers.CharField()
    labels = serializers.DictField()
    verdict = serializers.ChoiceField(choices=AlertVerdict.Verdict.choices, allow_null=True)


class ReviewDetailSerializer(ReviewSerializer):
    """A review with its text, times in seconds, verdicts and action items."""

    language = serializers.CharField(help_text="Of the text: en, pt-br; empty while nobody has saved it.")
    body = serializers.CharField(help_text="What is written: the draft of the machine while nobody has saved it.")
    markdown = serializers.CharField(help_text="The whole document: title, body, action items.")
    detect_s = serializers.FloatField(allow_null=True)
    acknowledge_s = serializers.FloatField(allow_null=True)
    mitigate_s = serializers.FloatField(allow_null=True)
    resolve_s = serializers.FloatField(allow_null=True)
    verdicts = VerdictSerializer(many=True)
    actions = ActionItemSerializer(many=True)

    class Meta(ReviewSerializer.Meta):
        """Text last."""

        fields = [
            *[*ReviewSerializer.Meta.fields, "revision", "detect_s", "acknowledge_s", "mitigate_s", "resolve_s"],
            *["verdicts", "actions", "language", "body", "markdown"],
        ]


class BegunReviewSerializer(serializers.Serializer[dict[str, Any]]):
    """Of which incident."""

    incident = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class WrittenReviewSerializer(serializers.Serializer[dict[str, Any]]):
    """A text, and the revision that it was written on; an empty text brings the draft back."""

    body = serializers.CharField(allow_blank=True, max_length=LONGEST)
    revision = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class ReadReviewSerializer(serializers.Serializer[dict[str, Any]]):
    """The revision that was read."""

    revision = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class GivenVerdictSerializer(serializers.Serializer[dict[str, Any]]):
    """Was it worth waking up for?"""

    verdict = serializers.ChoiceField(choices=AlertVerdict.Verdict.choices)


class ReviewsView(APIView):
    """Reviews of the project."""

    read_permission = "runbooks.view_review"
    permission = "runbooks.change_review"

    @extend_schema(responses=ReviewListSerializer, operation_id="reviews")
    def get(self, request: Request) -> Response:
        """The latest 200, newest first."""
        reviews = Review.objects.filter(incident__project=project_of(request)).select_related("incident")[:RECENT]
        return Response({"items": ReviewSerializer(reviews, many=True).data})

    @extend_schema(
        request=BegunReviewSerializer,
        responses={200: ReviewDetailSerializer, 201: ReviewDetailSerializer},
        operation_id="review_begin",
    )
    def post(self, request: Request) -> Response:
        """Begin the review of an incident that is over, without waiting a minute for its draft; 200 where there is one."""
        given = BegunReviewSerializer(data=request.data)
        refuse_unless_valid(given)
        incident = incident_of(request, given.validated_data["incident"])
        try:
            review, made = begin_review(incident, now=clock.now())
        except Refused as error:
            raise Conflict(str(error)) from error
        answer = _detail(review)
        answer.status_code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return answer


class ReviewView(APIView):
    """The review of one incident."""

    read_permission = "runbooks.view_review"
    permission = "runbooks.change_review"

    @extend_schema(responses=ReviewDetailSerializer, operation_id="review")
    def get(self, request: Request, number: int) -> Response:
        """Its text as Markdown, how long things took, what it says of alerts, and the action items."""
        return _detail(review_of(request, number))

    @extend_schema(request=WrittenReviewSerializer, responses=ReviewDetailSerializer, operation_id="review_write")
    def patch(self, request: Request, number: int) -> Response:
        """Save a text on top of a revision; 409 `stale_review` if there is a newer one, `refused` once it is published."""
        given = WrittenReviewSerializer(data=request.data)
        refuse_unless_valid(given)
        review, asked = review_of(request, number), given.validated_data
        try:
            save_review(review, body=asked["body"], by=actor_of(request), now=clock.now(), revision=asked["revision"])
        except Refused as error:
            raise _conflict(error) from error
        return _detail(review)


class PublishView(APIView):
    """The end of writing."""

    permission = "runbooks.change_review"

    @extend_schema(request=ReadReviewSerializer, responses=ReviewDetailSerializer, operation_id="review_publish")
    def post(self, request: Request, number: int) -> Response:
        """Freeze the text as that revision reads; action items and verdicts can still change."""
        given = ReadReviewSerializer(data=request.data)
        refuse_unless_valid(given)
        review = review_of(request, number)
        try:
            publish_review(review, by=actor_of(request), now=clock.now(), revision=given.validated_data["revision"])
        except Refused as error:
            raise _conflict(error) from error
        return _detail(review)


class VerdictView(APIView):
    """What a review says of an alert."""

    permission = "runbooks.change_review"

    @extend_schema(request=GivenVerdictSerializer, responses=ReviewDetailSerializer, operation_id="review_verdict")
    def put(self, request: Request, number: int, alert: int) -> Response:
        """Useful, or noise; judging again replaces it."""
        given = GivenVerdictSerializer(data=request.data)
        refuse_unless_valid(given)
        review = review_of(request, number)
        judged = _alerts(review).filter(pk=alert).first()
        if judged is None:
            raise NotFound("This incident has no such alert; the review lists them under `verdicts`.")
        judge_alert(
            judged,
            incident=review.incident,
            verdict=given.validated_data["verdict"],
            by=actor_of(request),
            now=clock.now(),
        )
        return _detail(review)


def _conflict(error: Refused) -> Conflict:
    if isinstance(error, StaleReview):
        return Stale(f"{error} GET shows revision {error.current.revision}.")
    return Conflict(str(error))


def _alerts(review: Review) -> QuerySet[Alert]:
    found = Alert.objects.filter(transitions__incident=review.incident_id)
    return found.select_related("rule").distinct().order_by("pk")


def _detail(review: Review) -> Response:
    took = times(review.incident)
    said = dict(AlertVerdict.objects.filter(incident=review.incident_id).values_list("alert_id", "verdict"))
    return Response(
        {
            **ReviewSerializer(review).data,
            "revision": review.revision,
            "detect_s": _seconds(took.detect),
            "acknowledge_s": _seconds(took.acknowledge),
            "mitigate_s": _seconds(took.mitigate),
            "resolve_s": _seconds(took.resolve),
            "verdicts": [
                {"alert": one.pk, "rule": one.rule.slug, "labels": one.labels, "verdict": said.get(one.pk)}
                for one in _alerts(review)
            ],
            "actions": ActionItemSerializer(review.actions.all(), many=True).data,
            "language": review.language,
            "body": review.body or draft_body(review),
            "markdown": review_markdown(review),
        }
    )


def _seconds(took: timedelta | None) -> float | None:
    return None if took is None else took.total_seconds()
