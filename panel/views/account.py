"""Login, logout, theme: what a person needs before and besides the pages."""

from datetime import datetime
from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lib import clock
from models_registry.throttle import forget_attempts, take_attempt
from panel import format as write
from panel.shell import THEME_COOKIE, THEMES

YEAR_SECONDS = 365 * 86_400


class Door(AuthenticationForm):
    """User name and password, as often as `models_registry.throttle` allows; `shut_until` is set when it does not."""

    shut_until: datetime | None = None

    def clean(self) -> dict[str, Any]:
        """Count the attempt, then look at the password."""
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        address, real_now = address_of(self.request) if self.request else "", clock.real_now()
        if name and password:
            self.shut_until = take_attempt(name, address, real_now=real_now)
        if self.shut_until is not None:
            raise ValidationError(_shut(self.shut_until, real_now), code="throttled")
        cleaned = super().clean()
        if name and self.get_user() is not None:  # nobody is known by a form that was left empty
            forget_attempts(name, address)
        return cleaned


class Login(LoginView):
    """The login page; 429 with Retry-After while the door is shut."""

    template_name = "panel/login.html"
    authentication_form = Door

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Back to the form, which says why."""
        response = super().form_invalid(form)
        if isinstance(form, Door) and form.shut_until is not None:
            response.status_code = 429
            response.headers["Retry-After"] = str(_seconds(form.shut_until, clock.real_now()))
        return response


def address_of(request: HttpRequest) -> str:
    """Where the request comes from: what the trusted proxy saw (it appends to the header), else the connection's other end."""
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")) if settings.BEHIND_TLS else ""
    return forwarded.rsplit(",", 1)[-1].strip() or str(request.META.get("REMOTE_ADDR", ""))


def _shut(until: datetime, real_now: datetime) -> str:
    return _("Too many attempts to log in as this user. Try again in %(wait)s, at %(time)s.") % {
        "wait": write.span(_seconds(until, real_now)),
        "time": date_format(timezone.localtime(until), "H:i:s"),
    }


def _seconds(until: datetime, real_now: datetime) -> int:
    return max(1, ceil((until - real_now).total_seconds()))


login = Login.as_view()
logout = LogoutView.as_view(next_page="panel:login")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie that the server reads, then go back to where the person was."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(THEME_COOKIE, chosen, max_age=YEAR_SECONDS, samesite="Lax")
    return response
