"""Alert rules: the list and one page each."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from alerting.models import AlertRule
from lib import clock
from models_registry.models import Project
from panel.access import project_page
from panel.pages import ranges
from panel.pages.rule import FINDINGS, rule_page, rule_rows

VARIED = ("threshold", "window", "for", "keep", "minimum")
LONGEST = 20


@project_page("alerting.view_alertrule")
def rules(request: HttpRequest, project: Project) -> HttpResponse:
    """Every rule with the state of its alerts and its health."""
    return render(request, "panel/rules.html", {"project": project, "rows": rule_rows(project)})


@project_page("alerting.view_alertrule")
def rule(request: HttpRequest, project: Project, slug: str) -> HttpResponse:
    """One rule; `threshold`, `window`, `for`, `keep` (minutes) and `minimum` of the query make a variant to compare with, over
    `range` or from `from` to `to`."""
    rows = AlertRule.objects.select_related("project", "slo__model", "model", "policy")
    found = get_object_or_404(rows, project=project, slug=slug)
    span, now = ranges.chosen(request.GET.get("range")), clock.now()
    asked = ranges.stretch(request.GET.dict(), span, now=now)
    given = {name: text[:LONGEST] for name in VARIED if (text := request.GET.get(name, "").strip())}
    page = rule_page(found, asked, given, now=now)
    context = {"project": project, "rule": found, "ranges": ranges.RANGES.values(), "most": FINDINGS, "asked": asked}
    context["range"] = None if asked.typed and not asked.problem else span
    return render(request, "panel/rule.html", context | {"page": page})
