"""What alerts cost people, and what would spare them."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from alerting.models import AlertRule
from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages import ranges
from panel.pages.fatigue import fatigue_page, rule_fatigue_page

USUAL = "30d"


@project_page("alerting.view_notification")
def fatigue(request: HttpRequest, project: Project) -> HttpResponse:
    """Every rule that fired and everybody who was called."""
    span = ranges.chosen(request.GET.get("range") or USUAL)
    now = clock.now()
    page = fatigue_page(project, span, now=now)
    export = urlencode({"from": (now - span.length).isoformat(), "to": now.isoformat()})
    context = {"project": project, "page": page, "range": span, "ranges": ranges.RANGES.values(), "export": export}
    return render(request, "panel/fatigue.html", context)


@project_page("alerting.view_notification")
def rule_fatigue(request: HttpRequest, project: Project, slug: str) -> HttpResponse:
    """One rule, with proposals."""
    rows = AlertRule.objects.select_related("project", "slo__model", "model", "policy")
    rule = get_object_or_404(rows, project=project, slug=slug)
    span = ranges.chosen(request.GET.get("range") or USUAL)
    page = rule_fatigue_page(rule, span, now=clock.now())
    context = {"project": project, "rule": rule, "page": page, "range": span, "ranges": ranges.RANGES.values()}
    return render(request, "panel/fatigue_rule.html", context)
