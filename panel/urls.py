"""Pages for people; the response pages are in `urls_response`."""

from django.urls import path

from panel.urls_response import urlpatterns as response_pages
from panel.views import (
    account,
    acknowledge,
    corrections,
    fatigue,
    feedback,
    first_event,
    home,
    measures,
    model,
    pulse,
    rule,
    search,
    slo,
    start,
)

app_name = "panel"
urlpatterns = [
    path("", start.start, name="start"),
    path("login/", account.login, name="login"),
    path("admin/login/", account.login),
    path("logout/", account.logout, name="logout"),
    path("theme/", account.theme, name="theme"),
    path("a/<str:token>", acknowledge.acknowledge, name="acknowledge"),
    path("f/<str:token>", feedback.feedback, name="feedback"),
    path("f/<str:token>/thanks", feedback.thanks, name="feedback_thanks"),
    path("search/", search.search, name="search"),
    path("p/<slug:project>/", home.home, name="home"),
    path("client/<str:file>", first_event.wheel, name="client"),
    path("p/<slug:project>/first-event/", first_event.first_event, name="first_event"),
    path("p/<slug:project>/first-event/waiting.json", first_event.still_waiting, name="first_event_waiting"),
    path("p/<slug:project>/pulse.json", pulse.pulse, name="pulse"),
    path("p/<slug:project>/models/", model.models, name="models"),
    path("p/<slug:project>/models/<path:slug>/", model.model, name="model"),
    path("p/<slug:project>/measures/", measures.measures, name="measures"),
    path("p/<slug:project>/rules/", rule.rules, name="rules"),
    path("p/<slug:project>/rules/<slug:slug>/", rule.rule, name="rule"),
    path("p/<slug:project>/fatigue/", fatigue.fatigue, name="fatigue"),
    path("p/<slug:project>/fatigue/<slug:slug>/", fatigue.rule_fatigue, name="fatigue"),
    path("p/<slug:project>/slos/", slo.slos, name="slos"),
    path("p/<slug:project>/suggested-slos/", slo.suggestions, name="suggested_slos"),
    path("p/<slug:project>/slos/<slug:slug>/", slo.slo, name="slo"),
    path("p/<slug:project>/slos/<slug:slug>/corrections/", corrections.create, name="correction_create"),
    path(
        "p/<slug:project>/slos/<slug:slug>/corrections/<int:correction>/end/",
        corrections.end,
        name="correction_end",
    ),
    path(
        "p/<slug:project>/slos/<slug:slug>/corrections/<int:correction>/withdraw/",
        corrections.withdraw,
        name="correction_withdraw",
    ),
    *response_pages,
]
