"""One include per room."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from config import health, metrics
from config.api.definitions import DefinitionsView, DefinitionView, SectionView
from config.api.errors import not_so
from monitoring.ingest.otlp.views import ASKED
from monitoring.ingest.otlp.views import PATHS as OTLP_PATHS

admin.autodiscover()
# The paths of models_registry end in the slug of a model, which may hold slashes: it comes last.
API = ["monitoring.urls", "alerting.urls", "runbooks.urls", "models_registry.urls"]


handler400 = "config.api.errors.bad_request"
handler404 = "config.api.errors.not_found"
handler500 = "config.api.errors.server_error"
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
