"""The page behind the link of a message: no login, no script, no cookie; its signature is what a form needs against forgery."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerting.errors import Refused
from alerting.incidents.course import acknowledge_incident
from alerting.notify.ack import AckError, actor_behind, open_ack
from lib import clock

STATUSES = {"malformed": 404, "tampered": 403, "withdrawn": 410, "expired": 410}


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Show the incident and a button; only the button (a POST) acknowledges."""
    try:
        link = open_ack(token, real_now=clock.real_now())
    except AckError as error:
        return _private(
            render(request, "panel/acknowledge/closed.html", _closed(error.fault), status=STATUSES[error.fault])
        )
    problem = ""
    if request.method == "POST":
        try:
            acknowledge_incident(link.incident, by=actor_behind(link.channel), now=clock.now(), via=link.channel.name)
            return _private(HttpResponseRedirect(reverse("panel:acknowledge", args=[token])))
        except Refused as refused:
            problem = str(refused)
    context = {"incident": link.incident, "channel": link.channel, "problem": problem}
    return _private(render(request, "panel/acknowledge/ask.html", context, status=409 if problem else 200))


def _closed(fault: str) -> dict[str, str]:
    """Why, and what can be done."""
    told = {
        "expired": (_("This link has ended"), _("Open the incident in the panel and acknowledge it there.")),
        "tampered": (
            _("This link was changed"),
            _("It is not as it was sent. Open it again from the message, or copy all of it."),
        ),
        "withdrawn": (
            _("This link is not valid any more"),
            _("The channel it came through was switched off. Open the incident in the panel."),
        ),
        "malformed": (
            _("This is not a whole link"),
            _("A part of it is missing. Open it again from the message, or copy all of it."),
        ),
    }
    title, text = told[fault]
    return {"title": title, "text": text}


def _private(response: HttpResponse) -> HttpResponse:
    """Its address is told to nobody and found by nobody."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
