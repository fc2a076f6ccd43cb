"""Action items for programs: what is due, promised, changed, done."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.answers.conflict import Conflict
from alerting.errors import Refused
from lib import clock
from lib.pages import MAX_LIMIT
from models_registry.authenticate import project_of
from models_registry.bodies import refuse_any, refuse_unless_valid
from models_registry.paging import asked_of, asked_page
from runbooks.answers import ActionItemSerializer, review_of
from runbooks.models import ActionItem
from runbooks.review import add_action, complete_action

PAGE_PARAMETERS = [
    OpenApiParameter("open", str, enum=["true", "false"], description="Only what is open, or only what is done."),
    OpenApiParameter("owner", str, description="Only those of this owner."),
    OpenApiParameter("limit", int, description=f"1 to {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class ActionItemPageSerializer(serializers.Serializer[dict[str, Any]]):
    """The newest first."""

    items = ActionItemSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ActionItemsView(APIView):
    """Across all reviews of the project."""

    read_permission = "runbooks.view_actionitem"

    @extend_schema(responses=ActionItemPageSerializer, operation_id="action_items", parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        params = asked_of(request, PAGE_PARAMETERS)
        rows = ActionItem.objects.filter(review__incident__project=project_of(request))
        if (wanted := params.get("open", "")) not in ("", "true", "false"):
            raise ValidationError({"open": "true or false."})
        rows = rows.filter(done_at__isnull=wanted == "true") if wanted else rows
        rows = rows.filter(owner=params["owner"]) if params.get("owner") else rows
        rows = rows.select_related("review__incident")
        page = asked_page(params, rows, time="id")
        return Response({"items": ActionItemSerializer(page.items, many=True).data, "next": page.next})


class NewActionItemView(APIView):
    """A promise that a review makes, before or after it is published."""

    permission = "runbooks.add_actionitem"

    @extend_schema(
        request=ActionItemSerializer, responses={201: ActionItemSerializer}, operation_id="action_item_create"
    )
    def post(self, request: Request, number: int) -> Response:
        """`title`, `owner` and `due` (a day)."""
        given = ActionItemSerializer(data=request.data)
        refuse_unless_valid(given)
        try:
            item = add_action(review_of(request, number), **given.validated_data)
        except Refused as error:
            raise Conflict(str(error)) from error
        return Response(ActionItemSerializer(item).data, status=status.HTTP_201_CREATED)


class ActionItemView(APIView):
    """One of them; `delete_scope` because what was promised is not taken back by whoever responds."""

    read_permission = "runbooks.view_actionitem"
    permission = "runbooks.change_actionitem"
    delete_scope = "admin"
    delete_permission = "runbooks.delete_actionitem"

    @extend_schema(responses=ActionItemSerializer, operation_id="action_item")
    def get(self, request: Request, number: int) -> Response:
        """As it stands."""
        return Response(ActionItemSerializer(_item(request, number)).data)

    @extend_schema(request=ActionItemSerializer, responses=ActionItemSerializer, operation_id="action_item_change")
    def patch(self, request: Request, number: int) -> Response:
        """Another title, owner or day; what is left out stays."""
        item = _item(request, number)
        given = ActionItemSerializer(item, data=request.data, partial=True)
        refuse_unless_valid(given)
        given.save()
        return Response(given.data)

    @extend_schema(responses={204: None}, operation_id="action_item_remove")
    def delete(self, request: Request, number: int) -> Response:
        """Take it off the list, as if it had never been promised."""
        _item(request, number).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class ActionItemDoneView(APIView):
    """A promise kept."""

    permission = "runbooks.add_actionitem"

    @extend_schema(request=None, responses=ActionItemSerializer, operation_id="action_item_done")
    def post(self, request: Request, number: int) -> Response:
        """Done from now on; repeating it changes nothing."""
        refuse_any(request)
        item = _item(request, number)
        if item.done_at is None:
            try:
                complete_action(item, now=clock.now())
            except Refused:  # somebody was faster
                item.refresh_from_db()
        return Response(ActionItemSerializer(item).data)


def _item(request: Request, number: int) -> ActionItem:
    rows = ActionItem.objects.filter(review__incident__project=project_of(request), pk=number)
    found = rows.select_related("review__incident").first()
    if found is None:
        raise NotFound("There is no action item with this id in the project.")
    return found
