"""Alertmanager's API v2 (alertmanager/api/v2/openapi.yaml): Prometheus, vmalert, Loki and amtool talk to it unchanged.

Authorized by a key as bearer: `ingest` to send alerts, `read` to look, `respond` to silence. Errors of the protocol are
JSON texts, as Alertmanager's are.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerting.errors import Refused
from alerting.evaluate.external import receive
from alerting.interop.shapes import NOBODY, Board, alert_shape, silence_shape, watchdog_shape
from alerting.interop.silences import end_silence, find_silence, put_silence, read_silence
from alerting.interop.watchdog import WATCHDOG, barked_at
from alerting.interop.wire import WireError, read_alerts
from alerting.labels.matchers import Matcher, MatcherError, Op, all_match, matcher, parse_matcher
from alerting.models import Channel, Silence
from lib import clock
from models_registry.authenticate import actor_of, project_of
from models_registry.bodies import Json

VERSION: Final = "0.25.0"
STARTED: Final = clock.real_now()

FILTERS = [
    OpenApiParameter("filter", str, many=True, description='Matchers, one each: `severity="page"`.'),
    OpenApiParameter("active", bool, description="Whether alerts that nothing holds back are wanted."),
    OpenApiParameter("silenced", bool, description="Whether silenced alerts are wanted."),
    OpenApiParameter("inhibited", bool, description="Whether inhibited alerts are wanted."),
    OpenApiParameter("unprocessed", bool, description="Taken and without effect: alerts are processed when they come."),
    OpenApiParameter(
        "receiver", str, description="Only alerts that a channel of this name would get; a regular expression."
    ),
]


class ProtocolView(APIView):
    """Answers refusals of the protocol as it does."""

    parser_classes = [Json]
    scope = "read"
    write_scope = "respond"

    def answered(self, act: Callable[[], Response]) -> Response:
        """The answer, or 400 with a text that says why not."""
        try:
            return act()
        except (WireError, Refused) as error:
            return Response(str(error), status=status.HTTP_400_BAD_REQUEST)
        except MatcherError as error:
            return Response(f"bad matcher: {error}", status=status.HTTP_400_BAD_REQUEST)


class WireAlertsView(ProtocolView):
    """Alerts in, and those that are active out."""

    read_permission = "alerting.view_alert"
    permission = "alerting.change_incident"
    write_scope = "ingest"

    @extend_schema(
        responses=OpenApiTypes.OBJECT, operation_id="alertmanager_alerts", parameters=FILTERS, tags=["alertmanager"]
    )
    def get(self, request: Request) -> Response:
        """Firing alerts of every rule and every sender, by fingerprint."""
        return self.answered(lambda: Response([shape for shape, _ in _filtered(request)]))

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses={200: None},
        operation_id="alertmanager_post_alerts",
        tags=["alertmanager"],
    )
    def post(self, request: Request) -> Response:
        """Take in what is valid; 400 tells what is not."""
        return self.answered(lambda: _take(request))


class WireGroupsView(ProtocolView):
    """Alerts by what makes them one incident."""

    read_permission = "alerting.view_alert"

    @extend_schema(
        responses=OpenApiTypes.OBJECT, operation_id="alertmanager_groups", parameters=FILTERS, tags=["alertmanager"]
    )
    def get(self, request: Request) -> Response:
        """One entry for each group and receiver."""
        return self.answered(lambda: Response(_groups(_filtered(request))))


class WireSilencesView(ProtocolView):
    """Silences."""

    read_permission = "alerting.view_silence"
    permission = "alerting.add_silence"

    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        operation_id="alertmanager_silences",
        parameters=FILTERS[:1],
        tags=["alertmanager"],
    )
    def get(self, request: Request) -> Response:
        """Active ones first, then those to come, then those that ended."""
        return self.answered(lambda: _silences(request))

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
        operation_id="alertmanager_post_silence",
        tags=["alertmanager"],
    )
    def post(self, request: Request) -> Response:
        """Make one, or with `id` change one; a change of what it means ends it and makes another."""
        return self.answered(lambda: _put(request))


class WireSilenceView(ProtocolView):
    """One silence."""

    read_permission = "alerting.view_silence"
    permission = "alerting.change_silence"

    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="alertmanager_silence", tags=["alertmanager"])
    def get(self, request: Request, uid: str) -> Response:
        """By its id."""
        found = find_silence(project_of(request), str(uid))
        if found is None:
            return Response(status=status.HTTP_404_NOT_FOUND)
        return Response(silence_shape(found, now=clock.now()))

    @extend_schema(responses={200: None}, operation_id="alertmanager_delete_silence", tags=["alertmanager"])
    def delete(self, request: Request, uid: str) -> Response:
        """End it."""
        found = end_silence(project_of(request), str(uid), now=clock.now())
        return Response(status=status.HTTP_200_OK if found else status.HTTP_404_NOT_FOUND)


class WireStatusView(ProtocolView):
    """What it is that answers."""

    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="alertmanager_status", tags=["alertmanager"])
    def get(self, request: Request) -> Response:
        """As an Alertmanager without a cluster; its configuration names the channels."""
        names = _receivers(request)
        config = {
            "global": {"resolve_timeout": "5m"},
            "route": {"receiver": names[0]},
            "receivers": [{"name": name} for name in names],
        }
        unknown = dict.fromkeys(["revision", "branch", "buildUser", "buildDate", "goVersion"], "")
        return Response(
            {
                "cluster": {"status": "disabled"},
                "versionInfo": {"version": VERSION, **unknown, "branch": "atalaia"},
                "config": {"original": json.dumps(config, ensure_ascii=False)},
                "uptime": STARTED.isoformat(),
            }
        )


class WireReceiversView(ProtocolView):
    """Channels."""

    read_permission = "alerting.view_channel"

    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="alertmanager_receivers", tags=["alertmanager"])
    def get(self, request: Request) -> Response:
        """The names of those that are switched on, and of nobody."""
        return Response([{"name": name} for name in _receivers(request)])


def _take(request: Request) -> Response:
    now = clock.now()
    valid, wrong = read_alerts(request.data, now=now)
    receive(project_of(request), valid, now=now)
    return taken(wrong)


def taken(wrong: list[str]) -> Response:
    """200, or 400 with what could not be taken in."""
    if wrong:
        return Response("; ".join(wrong)[:10_000], status=status.HTTP_400_BAD_REQUEST)
    return Response(status=status.HTTP_200_OK)


def _filtered(request: Request) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """(alert, its group) of what the query asks for, by fingerprint."""
    matchers = _asked(request)
    wanted = {name: _flag(request, name) for name in ("active", "silenced", "inhibited")}
    named = request.query_params.get("receiver")
    receiver = matcher("receiver", Op.REGEX, named) if named else None
    board = Board(project_of(request), now=clock.now())
    found = []
    for shape, group in _all(board):
        told = [row["name"] for row in shape["receivers"]]
        if receiver is not None and not any(receiver.matches({"receiver": name}) for name in told):
            continue
        if _wanted(shape["status"], wanted) and all_match(matchers, shape["labels"]):
            found.append((shape, group))
    return sorted(found, key=lambda pair: str(pair[0]["fingerprint"]))


def _all(board: Board) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """What fires, and the Watchdog while everything moves."""
    found = [(alert_shape(alert, board), board.group(alert)) for alert in board.alerts()]
    barked = barked_at(real_now=clock.real_now())
    return [*found, (watchdog_shape(board, at=barked), {"alertname": WATCHDOG})] if barked else found


def _wanted(state: dict[str, Any], wanted: dict[str, bool]) -> bool:
    hidden = (not wanted["silenced"] and state["silencedBy"]) or (not wanted["inhibited"] and state["inhibitedBy"])
    return not hidden and (wanted["active"] or state["state"] != "active")


def _groups(found: Iterable[tuple[dict[str, Any], dict[str, str]]]) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for shape, labels in found:
        for receiver in shape["receivers"]:
            key = (*sorted(labels.items()), receiver["name"])
            group = groups.setdefault(key, {"labels": labels, "receiver": receiver, "alerts": []})
            group["alerts"].append(shape)
    return [group for _, group in sorted(groups.items(), key=lambda pair: str(pair[0]))]


def _silences(request: Request) -> Response:
    asked, now = _asked(request), clock.now()
    rows = Silence.objects.filter(project=project_of(request)).select_related("owner")
    found = [silence for silence in rows if set(asked) <= set(silence.asked)]
    return Response([silence_shape(silence, now=now) for silence in sorted(found, key=lambda row: _rank(row, now))])


def _rank(silence: Silence, now: datetime) -> tuple[int, float]:
    """Alertmanager's order: next to end, next to begin, last to have ended."""
    state = silence.state_at(now)
    if state == Silence.State.ACTIVE:
        return 1, silence.ends_at.timestamp()
    return (2, silence.starts_at.timestamp()) if state == Silence.State.PENDING else (3, -silence.ends_at.timestamp())


def _put(request: Request) -> Response:
    asked, now = read_silence(request.data), clock.now()
    uid = put_silence(project_of(request), asked, owner=actor_of(request), now=now)
    if uid is None:
        return Response("silence not found", status=status.HTTP_404_NOT_FOUND)
    return Response({"silenceID": uid})


def _asked(request: Request) -> list[Matcher]:
    return [parse_matcher(text) for text in request.query_params.getlist("filter")]


def _flag(request: Request, name: str) -> bool:
    given = request.query_params.get(name, "true").lower()
    if given not in ("true", "false", "1", "0", "t", "f"):
        raise WireError(f"{name} must be true or false, not {given!r}")
    return given in ("true", "1", "t")


def _receivers(request: Request) -> list[str]:
    """Channels that are switched on, and nobody: what no channel takes has that receiver."""
    rows = Channel.objects.filter(project=project_of(request), enabled=True).order_by("name")
    return [*rows.values_list("name", flat=True), NOBODY]
