"""The page of a feedback link: no login, no script, no cookie; its signature is what a form needs against forgery."""

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from lib import clock
from models_registry.links import Link, LinkError, open_link
from monitoring.ingest.codes import Refusal
from monitoring.ingest.vote import vote
from panel.middleware import HEADER, POLICY
from panel.pages.feedback import Given, feedback_form, read_form, vote_of

STATUSES = {"malformed": 404, "unknown": 404, "tampered": 403, "expired": 410}
BUSY_SECONDS = 5


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def feedback(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, and take the answer; or say why the link opens nothing."""
    try:
        link = open_link(token, real_now=clock.real_now())
    except LinkError as error:
        return _framed(
            render(request, "panel/feedback/closed.html", _closed(error.fault), status=STATUSES[error.fault])
        )
    if request.method == "POST":
        return _framed(_take(request, link, token))
    return _framed(render(request, "panel/feedback/form.html", {"page": feedback_form(link, request.GET)}))


@never_cache
@require_http_methods(["GET", "HEAD"])
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """What was said is kept; the way back changes it."""
    return _framed(render(request, "panel/feedback/thanks.html", {"token": token}))


def _take(request: HttpRequest, link: Link, token: str) -> HttpResponse:
    given = read_form(link, request.POST)
    if given.problem:
        return _again(request, link, given, 400)
    try:
        vote(link, vote_of(given, request.POST), now=clock.now(), real_now=clock.real_now())
    except Refusal as refusal:
        return _refused(request, link, given, refusal)
    except DatabaseError:
        problem = _("Your answer could not be kept. Please send it again in a moment; nothing you wrote is lost.")
        return _again(request, link, Given(given.said, problem), 503, retry_after=BUSY_SECONDS)
    return HttpResponseRedirect(reverse("panel:feedback_thanks", args=[token]))


def _refused(request: HttpRequest, link: Link, given: Given, refusal: Refusal) -> HttpResponse:
    """Too fast, no room just now, or something that no form of ours sends."""
    if refusal.code == "rate_limited":
        problem = _("That was very fast. Please wait a few seconds and send it again; nothing you wrote is lost.")
        return _again(request, link, Given(given.said, problem), 429, retry_after=refusal.retry_after)
    if refusal.retry_after is not None:
        problem = _("Your answer could not be kept. Please send it again in a moment; nothing you wrote is lost.")
        return _again(request, link, Given(given.said, problem), 503, retry_after=refusal.retry_after)
    return _again(request, link, Given(given.said, _("This cannot be read. Please write it in plain characters.")), 400)


def _again(
    request: HttpRequest, link: Link, given: Given, status: int, *, retry_after: int | None = None
) -> HttpResponse:
    page = feedback_form(link, request.POST, given)
    response = render(request, "panel/feedback/form.html", {"page": page}, status=status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _closed(fault: str) -> dict[str, str]:
    """Why, and what can be done."""
    told = {
        "expired": (
            _("This link has ended"),
            _("Feedback was open for a while and is closed now. Thank you for coming."),
        ),
        "tampered": (
            _("This link was changed"),
            _("It is not as it was made. Open it again from where you found it, or copy all of it."),
        ),
        "unknown": (_("This link is not valid any more"), _("Whoever gave it to you has withdrawn it.")),
        "malformed": (_("This is not a whole link"), _("A part of it is missing. Open it again, or copy all of it.")),
    }
    title, text = told[fault]
    return {"title": title, "text": text}


def _framed(response: HttpResponse) -> HttpResponse:
    """Only the origins of the setting may show it in a frame; the address is told to nobody and found by nobody."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if settings.FEEDBACK_FRAME_ANCESTORS:
        allowed = " ".join(settings.FEEDBACK_FRAME_ANCESTORS)
        response.headers[HEADER] = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {allowed}")
        response.__dict__["xframe_options_exempt"] = True
    return response
