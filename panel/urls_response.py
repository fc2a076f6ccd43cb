"""Pages of response and learning: incidents, runbooks, reviews, explorers, collection health."""

from django.urls import URLPattern, path

from panel.views import collection, comments, explorers, incidents, notifications, prompts, reviews, runbooks, silences

urlpatterns: list[URLPattern] = [
    path("p/<slug:project>/incidents/", incidents.incidents, name="incidents"),
    path("incidents/<int:number>/", incidents.incident, name="incident"),
    path("incidents/<int:number>/acknowledge/", incidents.acknowledge, name="incident_acknowledge"),
    path("incidents/<int:number>/resolve/", incidents.resolve, name="incident_resolve"),
    path("incidents/<int:number>/silence/", incidents.silence, name="incident_silence"),
    path("incidents/<int:number>/comment/", incidents.comment, name="incident_comment"),
    path("incidents/<int:number>/runbook/<int:runbook>/start/", incidents.start_runbook, name="incident_runbook_start"),
    path("incidents/<int:number>/step/<int:step>/", incidents.step, name="incident_step"),
    path("p/<slug:project>/silences/", silences.silences, name="silences"),
    path("p/<slug:project>/silences/new/", silences.create, name="silence_create"),
    path("p/<slug:project>/silences/<int:silence>/", silences.silence, name="silence"),
    path("p/<slug:project>/silences/<int:silence>/expire/", silences.expire, name="silence_expire"),
    path("p/<slug:project>/silences/<int:silence>/extend/", silences.extend, name="silence_extend"),
    path("p/<slug:project>/notifications/", notifications.notifications, name="notifications"),
    path("p/<slug:project>/notifications/<int:number>/again/", notifications.queue_again, name="notification_again"),
    path("p/<slug:project>/routes/", notifications.routes, name="routes"),
    path("p/<slug:project>/runbooks/", runbooks.runbooks, name="runbooks"),
    path("p/<slug:project>/runbooks/<slug:slug>/", runbooks.runbook, name="runbook"),
    path("p/<slug:project>/comments/", comments.comments, name="comments"),
    path("p/<slug:project>/prompts/<path:name>/", prompts.prompt, name="prompt"),
    path("p/<slug:project>/reviews/", reviews.reviews, name="reviews"),
    path("reviews/<int:number>/", reviews.review, name="review"),
    path("reviews/<int:number>/save/", reviews.save, name="review_save"),
    path("reviews/<int:number>/publish/", reviews.publish, name="review_publish"),
    path("reviews/<int:number>/export.md", reviews.export, name="review_export"),
    path("reviews/<int:number>/actions/", reviews.add, name="review_action_add"),
    path("reviews/<int:number>/actions/<int:action>/done/", reviews.done, name="review_action_done"),
    path("reviews/<int:number>/alerts/<int:alert>/verdict/", reviews.verdict, name="review_verdict"),
    path("p/<slug:project>/predictions/", explorers.predictions, name="predictions"),
    path("p/<slug:project>/predictions/<int:event>/", explorers.prediction, name="prediction"),
    path("p/<slug:project>/llm-calls/", explorers.llm_calls, name="llm_calls"),
    path("p/<slug:project>/llm-calls/<int:event>/", explorers.llm_call, name="llm_call"),
    path("p/<slug:project>/collection/", collection.collection, name="collection"),
    path("p/<slug:project>/collection/replay/", collection.replay_letters, name="collection_replay"),
    path("p/<slug:project>/jobs/<int:number>/cancel/", collection.cancel, name="job_cancel"),
]
