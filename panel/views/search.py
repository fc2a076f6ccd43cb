"""The search box: a model, an incident's number or a request id; one match goes straight there."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from panel.pages.search import find, find_elsewhere
from panel.shell import Shell


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """`?q=`: redirect to the only match, else list what was found."""
    query = request.GET.get("q", "").strip()
    shell = Shell(request)
    hits = find(query, project=shell.project, user=request.user) if query and shell.project else []
    if query and not hits:
        hits = find_elsewhere(query, projects=shell.projects, but=shell.project, user=request.user)
    if len(hits) == 1:
        return redirect(hits[0].url)
    return render(request, "panel/search.html", {"query": query, "hits": hits})
