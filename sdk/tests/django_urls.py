"""One view for `test_django_with_its_whole_stack`."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

import atalaia


def predict(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    atalaia.prediction("m", 1)
    return HttpResponse("ok")


urlpatterns = [path("predict/", predict)]
