"""What people do to an incident on its page: plain forms, each of which says what it did or why it did not."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerting.errors import Refused
from alerting.incidents.course import acknowledge_incident, resolve_incident
from alerting.incidents.moves.assign import assign_incident
from alerting.incidents.moves.merge import merge_incident
from alerting.incidents.moves.mitigate import mitigate_incident
from alerting.incidents.moves.reopen import reopen_incident
from alerting.incidents.moves.severity import change_severity
from alerting.incidents.moves.snooze import snooze_incident, wake_incident
from alerting.models import Incident
from lib import clock
from models_registry.models import User
from panel.access import page
from panel.acting import act, find_incident, revision_of, words_of
from panel.format import moment
from panel.pages.incident_moves import snooze_end
from panel.permission import must
from runbooks.closing import close_reviewed

Verb = Callable[..., Incident]


def _first(who: User | None, by: User, done: str) -> str:
    """What was done; or that somebody else had done it a moment before."""
    if who is None or who.pk == by.pk:
        return done
    return _("%(who)s was first: it was done already.") % {"who": who.get_short_name() or who.get_username()}


def _step(
    request: HttpRequest, number: int, verb: Verb, *, done: str, who: str, move: str, **more: Any
) -> HttpResponse:
    by, found = must(request, "alerting.change_incident"), find_incident(number)
    return act(
        request,
        number,
        lambda: _first(getattr(found, who), by, done),
        lambda: verb(found, by=by, now=clock.now(), **more),
        move=move,
    )


@require_POST
@page("alerting.view_incident")
def acknowledge(request: HttpRequest, number: int) -> HttpResponseBase:
    """Somebody is on it."""
    done = _("Acknowledged: it is yours.")
    return _step(request, number, acknowledge_incident, done=done, who="acknowledged_by", move="acknowledge")


@require_POST
@page("alerting.view_incident")
def mitigate(request: HttpRequest, number: int) -> HttpResponseBase:
    """The damage has stopped."""
    done, note = _("Marked as mitigated."), words_of(request)
    return _step(request, number, mitigate_incident, done=done, who="mitigated_by", move="mitigate", note=note)


@require_POST
@page("alerting.view_incident")
def resolve(request: HttpRequest, number: int) -> HttpResponseBase:
    """It is over."""
    return _step(request, number, resolve_incident, done=_("Resolved."), who="resolved_by", move="resolve")


@require_POST
@page("alerting.view_incident")
def close(request: HttpRequest, number: int) -> HttpResponseBase:
    """Nothing is left to do or to learn."""
    why = words_of(request)
    return _step(request, number, close_reviewed, done=_("Closed."), who="closed_by", move="close", why=why)


@require_POST
@page("alerting.view_incident")
def reopen(request: HttpRequest, number: int) -> HttpResponseBase:
    """It was not over after all."""
    by, found = must(request, "alerting.change_incident"), find_incident(number)
    why, seen = words_of(request), revision_of(request)
    return act(
        request,
        number,
        lambda: _("Open again; people are told."),
        lambda: reopen_incident(found, by=by, why=why, seen=seen, now=clock.now()),
        move="reopen",
    )


@require_POST
@page("alerting.view_incident")
def assign(request: HttpRequest, number: int) -> HttpResponseBase:
    """Give it to a person, take it (`me`), or give it to nobody."""
    by, found = must(request, "alerting.change_incident"), find_incident(number)

    def give() -> Incident:
        to = by if "me" in request.POST else _person(request.POST.get("assignee", ""))
        return assign_incident(found, to=to, by=by, seen=revision_of(request), now=clock.now())

    return act(request, number, lambda: _assigned(found), give, move="assign")


def _person(username: str) -> User | None:
    if not username:
        return None
    found = User.objects.filter(username=username).first()
    if found is None:
        raise Refused(_("There is nobody of this name. Choose one of the list."))
    return found


def _assigned(found: Incident) -> str:
    if found.assignee is None:
        return _("It is nobody's now.")
    return _("It is %(who)s's now.") % {"who": found.assignee.get_short_name() or found.assignee.get_username()}


@require_POST
@page("alerting.view_incident")
def snooze(request: HttpRequest, number: int) -> HttpResponseBase:
    """Nobody is reminded for a while."""
    by, found = must(request, "alerting.change_incident"), find_incident(number)

    def put_off() -> Incident:
        now = clock.now()
        until = snooze_end(request.POST.dict(), now=now)
        if until is None:
            raise Refused(_("Choose until when: one of the buttons, or a day and a time."))
        why, seen = words_of(request), revision_of(request)
        return snooze_incident(found, until=until, by=by, why=why, seen=seen, now=now)

    return act(
        request,
        number,
        lambda: _("Snoozed until %(when)s.") % {"when": moment(found.snoozed_until)},
        put_off,
        move="snooze",
    )


@require_POST
@page("alerting.view_incident")
def wake(request: HttpRequest, number: int) -> HttpResponseBase:
    """The snooze ends now."""
    by, found = must(request, "alerting.change_incident"), find_incident(number)
    told = _("The snooze is over; what it put off is told now.")
    return act(request, number, lambda: told, lambda: wake_incident(found, by=by, now=clock.now()), move="snooze")


@require_POST
@page("alerting.view_incident")
def severity(request: HttpRequest, number: int) -> HttpResponseBase:
    """How bad it is."""
    by, found = must(request, "alerting.change_incident"), find_incident(number)
    wanted, why, seen = request.POST.get("severity", ""), words_of(request), revision_of(request)
    return act(
        request,
        number,
        lambda: _("Its severity is “%(severity)s” now.") % {"severity": found.get_severity_display()},
        lambda: change_severity(found, severity=wanted, by=by, why=why, seen=seen, now=clock.now()),
        move="severity",
    )


@require_POST
@page("alerting.view_incident")
def merge(request: HttpRequest, number: int) -> HttpResponseBase:
    """Two incidents that are one."""
    by, found = must(request, "alerting.change_incident"), find_incident(number)

    def join() -> Incident:
        given = request.POST.get("into", "").strip().upper().removeprefix("INC-")
        known = Incident.objects.filter(project=found.project_id)
        into = known.filter(number=int(given)).first() if given.isdecimal() and len(given) < 10 else None
        if into is None:
            raise Refused(_("There is no incident of this number in the project. Choose one of the list."))
        return merge_incident(found, into=into, by=by, seen=revision_of(request), now=clock.now())

    return act(request, number, lambda: _("Merged into %(into)s.") % {"into": found.merged_into}, join, move="merge")
