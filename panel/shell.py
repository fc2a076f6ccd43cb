"""What surrounds every page: navigation, badges, banners, theme. Read lazily, so that an API answer costs nothing."""

import shlex
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from django.conf import settings
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alerting.models import Channel, Incident
from alerting.notify.breaker import OPENS_AFTER
from alerting.states.lifecycle import UNDER_WAY
from lib import clock
from models_registry.models import Project
from monitoring.selectors.processes import Machinery, read_machinery
from panel.access import PROJECT_KEY
from panel.unwell import say

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
BEHIND_AFTER = timedelta(minutes=2)
_OPEN = Incident.objects.filter(project=OuterRef("pk")).filter(state__in=UNDER_WAY).order_by()
OPEN_COUNT = Coalesce(Subquery(_OPEN.values("project").annotate(count=Count("pk")).values("count")), 0)


@dataclass(frozen=True, slots=True)
class NavItem:
    """One link of the navigation."""

    url: str
    label: str
    icon: str
    active: bool = False
    badge: int = 0


@dataclass(frozen=True, slots=True)
class NavGroup:
    """Links under one heading."""

    label: str
    items: list[NavItem]


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Story time that runs behind real time, as in a demonstration being seeded."""

    story: datetime
    behind: timedelta
    rate: float


class Shell:
    """The surroundings of one request; every attribute is computed at its first use."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.match = request.resolver_match

    @cached_property
    def theme(self) -> str:
        """auto, light or dark; the server writes it into the page, so that nothing flashes."""
        chosen = self.request.COOKIES.get(THEME_COOKIE, "auto")
        return chosen if chosen in THEMES else "auto"

    @cached_property
    def demo(self) -> bool:
        """Whether this installation is a demonstration."""
        return bool(settings.DEMO)

    @cached_property
    def data_dir(self) -> str:
        """What `ATALAIA_DATA_DIR` has to be for a command typed in the panel's folder, quoted for a shell; empty where the default does."""
        folder, base = Path(settings.DATA_DIR).resolve(), Path(settings.BASE_DIR).resolve()
        if folder == base / "var":
            return ""
        return shlex.quote(str(folder.relative_to(base) if folder.is_relative_to(base) else folder))

    @cached_property
    def person(self) -> bool:
        """Somebody is logged in."""
        return self.request.user.is_authenticated

    @cached_property
    def member(self) -> bool:
        """Somebody who may look; an account in no group learns nothing, not even from what surrounds a refusal."""
        return self.request.user.has_perm("models_registry.view_model")

    @cached_property
    def projects(self) -> list[Project]:
        """All projects, by name, each with the number of its open incidents."""
        return list(Project.objects.annotate(open_count=OPEN_COUNT)) if self.member else []

    @cached_property
    def project(self) -> Project | None:
        """The project of the URL, else the one looked at last, else the first."""
        wanted = (self.match.kwargs.get("project") if self.match else None) or self.request.session.get(PROJECT_KEY)
        by_slug = {project.slug: project for project in self.projects}
        return by_slug.get(str(wanted)) or next(iter(self.projects), None)

    @cached_property
    def open_incidents(self) -> int:
        """For the badge."""
        return getattr(self.project, "open_count", 0)

    @cached_property
    def _machinery(self) -> Machinery:
        return read_machinery(real_now=clock.real_now()) if self.member else Machinery([], [], [], starting=False)

    @property
    def stopped_stages(self) -> list[str]:
        """Stages that have been silent for too long."""
        return [run.stage for run in self._machinery.late]

    @property
    def unwell(self) -> list[str]:
        """What the stage that watches the others found, unless it is silent itself."""
        late = self.stopped_stages
        found = [fact for run in self._machinery.stages if run.stage not in late for fact in run.facts]
        return [text for text in map(say, found) if text]

    @property
    def starting(self) -> bool:
        """The panel has just been started after a rest, and its first rounds are under way."""
        return self._machinery.starting

    @property
    def restarted(self) -> list[str]:
        """Processes that died and came back a moment ago."""
        return [state.row.name for state in self._machinery.processes if state.restarted_recently]

    @cached_property
    def failing_channels(self) -> list[Channel]:
        """Channels of the project whose messages wait because one after the other failed."""
        if self.project is None or not self.request.user.has_perm("alerting.view_channel"):
            return []
        return list(Channel.objects.filter(project=self.project, enabled=True, failures__gte=OPENS_AFTER))

    @cached_property
    def catching_up(self) -> CatchUp | None:
        """Set while the story's clock is behind the wall's."""
        face = clock.face()
        if face is None:
            return None
        story, real = clock.now(), clock.real_now()
        return CatchUp(story, real - story, face.rate) if real - story > BEHIND_AFTER else None

    @cached_property
    def time_zone(self) -> str:
        """For the footer: where the page's times are."""
        local = timezone.localtime(clock.real_now())
        offset = f"{local:%z}".replace("-", "−")
        return f"{timezone.get_current_timezone_name()} (UTC{offset[:3]}:{offset[3:]})"

    @cached_property
    def nav(self) -> list[NavGroup]:
        """The sidebar."""
        operation = [
            self._item("home", _("Home"), "home"),
            self._item("incidents", _("Incidents"), "incident", badge=self.open_incidents),
            self._item("silences", _("Silences"), "silence"),
            self._item("slos", _("SLOs"), "slo"),
            self._item("rules", _("Alert rules"), "rule"),
            self._item("fatigue", _("Alert fatigue"), "dark"),
            self._item("runbooks", _("Runbooks"), "runbook"),
            self._item("reviews", _("Reviews"), "review"),
        ]
        data = [
            self._item("models", _("Models"), "model"),
            self._item("measures", _("Measures"), "measure"),
            self._item("predictions", _("Predictions"), "prediction"),
            self._item("llm_calls", _("LLM calls"), "llm"),
            self._item("sessions", _("Sessions"), "session"),
            self._item("logs", _("Logs"), "log"),
            self._item("exports", _("Exports"), "export"),
        ]
        system = [
            self._item("first_event", _("First event"), "brand"),
            self._item("collection", _("Collection health"), "pulse"),
            self._admin("models_registry_apikey", _("API keys"), "key", "models_registry.view_apikey"),
            self._item("notifications", _("Messages"), "message"),
            self._item("routes", _("Who is told"), "route"),
            self._admin("alerting_channel", _("Channels"), "channel", "alerting.view_channel"),
            self._admin_index(),
        ]
        groups = [(_("Operation"), operation), (_("Data"), data), (_("System"), system)]
        return [NavGroup(label, [item for item in items if item is not None]) for label, items in groups]

    @cached_property
    def bottom(self) -> list[NavItem]:
        """The four destinations of the phone's bar; the fifth opens the whole navigation."""
        chosen = {"home", "incident", "slo", "model"}
        return [item for group in self.nav for item in group.items if item.icon in chosen]

    def _item(self, name: str, label: str, icon: str, badge: int = 0) -> NavItem | None:
        if self.project is None:
            return None
        try:
            url = reverse(f"panel:{name}", args=[self.project.slug])
        except NoReverseMatch:
            return None
        return NavItem(url, capfirst(label), icon, self._active(name), badge)

    def _active(self, name: str) -> bool:
        """A list stays lit on the pages of its rows, and of what else there is of them: `incidents` on `incident`, `logs` on `log_patterns`."""
        shown = (self.match.url_name or "") if self.match and self.match.namespace == "panel" else ""
        own = name.removesuffix("s")
        return shown in (name, own) or shown.startswith(f"{own}_")

    def _admin(self, name: str, label: str, icon: str, permission: str) -> NavItem | None:
        if not (self.request.user.is_staff and self.request.user.has_perm(permission)):
            return None
        try:
            url = reverse(f"admin:{name}_changelist")
        except NoReverseMatch:
            return None
        return NavItem(url, capfirst(label), icon, self.request.path.startswith(url))

    def _admin_index(self) -> NavItem | None:
        if not self.request.user.is_staff:
            return None
        url = reverse("admin:index")
        return NavItem(url, _("Administration"), "admin", self.request.path == url)


def context(request: HttpRequest) -> dict[str, object]:
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}
