"""One include per room."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("panel.urls")),  # first: it answers /admin/login/ for the admin too
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
