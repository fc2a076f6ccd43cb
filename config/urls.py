"""One include per room."""

from django.contrib import admin
from django.urls import include, path

from config import health, metrics

urlpatterns = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("health/pipeline", health.pipeline, name="health_pipeline"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", include("panel.urls")),  # first: it answers /admin/login/ for the admin too
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
