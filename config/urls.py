"""One include per room."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import page_not_found
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from config import health, metrics
from config.api.definitions import DefinitionsView, DefinitionView, SectionView
from lib import clock
from lib.problem import problem
from monitoring.otlp.lost import note_lost
from monitoring.otlp.views import ASKED
from monitoring.otlp.views import PATHS as OTLP_PATHS

admin.autodiscover()
# The paths of models_registry end in the slug of a model, which may hold slashes: it comes last.
API = ["monitoring.urls", "alerting.urls", "runbooks.urls", "models_registry.urls"]


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page for people; for programs that would be no answer."""
    detail = next((told for start, told in LOST.items() if request.path_info.startswith(start)), "")
    if not detail:
        return page_not_found(request, exception)
    note_lost(request.META, detail, real_now=clock.real_now())
    return problem(404, "Not found", detail, code="not_found")


@csrf_exempt
def not_so(request: HttpRequest) -> HttpResponse:
    """What comes to the paths of OpenTelemetry by another method comes as far as here: see `monitoring.otlp.views`."""
    allowed = "GET" if request.path_info in ASKED else "POST"
    detail = {"POST": "Exporters of OpenTelemetry send here, by POST.", "GET": "SDKs of Langfuse ask here, by GET."}
    answer = problem(405, "Method not allowed", detail[allowed], code="method_not_allowed")
    answer["Allow"] = allowed
    return answer


LOST = {
    "/api/": "There is no such address; /api/docs/ lists them all.",
    "/v1/": "OpenTelemetry is taken at /v1/traces, /v1/logs and /v1/metrics.",
}
handler404 = "config.urls.not_found"
urlpatterns = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("health/pipeline", health.pipeline, name="health_pipeline"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/definitions", DefinitionsView.as_view()),
    path("api/v1/definitions/<slug:section>", SectionView.as_view()),
    path("api/v1/definitions/<slug:section>/<path:key>", DefinitionView.as_view()),
    *(path("api/v1/", include(room)) for room in API),
    path("api/v2/", include("alerting.interop.urls")),  # as an Alertmanager
    *(path(taken.removeprefix("/"), not_so) for taken in (*OTLP_PATHS, *ASKED)),
    path("api/schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api_docs"),
    path("", include("panel.urls")),  # first: it answers /admin/login/ for the admin too
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
