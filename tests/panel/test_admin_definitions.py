"""The admin: every definition has a form, secrets are shown once or never, impossible promises are refused."""

import html
import re
from datetime import datetime, timedelta

import pytest
from django.contrib import admin
from django.test import Client

from alerting.models import AlertRule, Channel, Notification
from lib import vault
from models_registry.keys import find_key
from models_registry.models import ApiKey, Model, Project
from monitoring.models import SLO, DeadLetter, InboxBody, SegmentKey
from runbooks.models import Runbook
from tests.panel import story

ROOMS = ("models_registry", "monitoring", "alerting", "runbooks")
EVENTS = {"prediction", "llmcall", "outcome", "feedback", "businessevent", "logrecord", "bucket", "series", "eventkey"}


def test_every_admin_page_opens_and_events_have_none(
    credit_risk: Model, as_admin: Client, stopped_clock: datetime
) -> None:
    story.make_incident(story.make_rule(credit_risk), stopped_clock)
    registered = {model._meta.model_name for model in admin.site._registry}
    assert not EVENTS & registered
    for model, page in admin.site._registry.items():
        if model._meta.app_label in ROOMS:
            base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            assert as_admin.get(base).status_code == 200, base
            assert page.list_select_related or not [f for f in model._meta.fields if f.is_relation], base


@pytest.mark.parametrize(
    ("language", "rule_says", "slo_says"),
    [
        ("en", "Credit risk · accuracy", "correct among labelled predictions"),
        ("pt-br", "Risco de crédito · acurácia", "corretas entre as predições rotuladas"),
    ],
)
def test_lists_name_measures_and_indicators_by_their_titles(
    credit_risk: Model, as_admin: Client, language: str, rule_says: str, slo_says: str
) -> None:
    story.make_rule(credit_risk)
    SLO.objects.create(project=credit_risk.project, slug="a", name="A", model=credit_risk, sli="accuracy", target=0.9)
    SLO.objects.create(project=credit_risk.project, slug="b", name="B", model=credit_risk, sli="recall", target=0.9)
    as_admin.cookies["django_language"] = language
    assert rule_says in as_admin.get("/admin/alerting/alertrule/").content.decode()
    page = as_admin.get("/admin/monitoring/slo/").content.decode()
    assert f'<td class="field-indicator">{slo_says}</td>' in page
    chosen = as_admin.get("/admin/monitoring/slo/?sli=accuracy").content.decode()
    assert chosen.count('class="field-indicator"') == 1
    assert f'<a href="?sli=accuracy">{slo_says}</a>' in chosen


def test_a_key_is_shown_once_and_works(project: Project, as_ana: Client, now: datetime) -> None:
    form = {"project": project.pk, "name": "checkout", "scopes": ["ingest"]}
    page = as_ana.post("/admin/models_registry/apikey/add/", form)
    assert "no-store" in page["Cache-Control"]
    raw = page.content.decode().split('id="raw-key">')[1].split("<")[0]
    found = find_key(raw, now=now)
    assert found is not None
    assert found.created_by is not None
    for path in (f"{found.pk}/change/", ""):
        assert raw not in as_ana.get(f"/admin/models_registry/apikey/{path}").content.decode()
    action = {"action": "revoke", "_selected_action": [found.pk]}
    as_ana.post("/admin/models_registry/apikey/", action)
    assert ApiKey.objects.get().revoked_at is not None
    assert find_key(raw, now=now) is None


def _rule(project: Project, **fields: object) -> dict[str, object]:
    inline = {"Runbook_rules-TOTAL_FORMS": 0, "Runbook_rules-INITIAL_FORMS": 0}
    base = {"project": project.pk, "name": "R", "slug": "r", "environment": "production", "enabled": "on"}
    times = {"window": "00:05:00", "for_duration": "0", "keep_firing_for": "0", "interval": "00:01:00"}
    judged = {
        "comparison": "gt",
        "against": "reference",
        "minimum": 3,
        "minimum_short": 2,
        "severity": "page",
        "no_data": "keep",
        "on_error": "separate",
        "points": 5,
        "points_bad": 5,
        "pairs": "[]",
    }
    return {**inline, **base, **times, **judged, **fields}


@pytest.mark.parametrize(
    ("fields", "mend"),
    [
        ({"kind": "threshold", "measure": "accuracy", "threshold": "1.0"}, "never above 1"),
        ({"kind": "threshold", "measure": "accuracy", "threshold": "0", "comparison": "lt"}, "above 0"),
        ({"kind": "threshold", "measure": "truncation_rate", "threshold": "0.1"}, "have these measures"),
        ({"kind": "threshold", "measure": "accuracy"}, "must not be crossed"),
        ({"kind": "burn_rate"}, "choose one"),
    ],
)
def test_a_rule_that_could_never_fire_is_refused_with_the_mend(
    credit_risk: Model, as_ana: Client, fields: dict[str, object], mend: str
) -> None:
    form = _rule(credit_risk.project, model=credit_risk.pk, **fields)
    page = as_ana.post("/admin/alerting/alertrule/add/", form)
    assert mend in page.content.decode()
    assert not AlertRule.objects.exists()


def test_a_burn_rate_nobody_can_reach_is_refused_and_the_proposal_is_accepted(
    credit_risk: Model, as_ana: Client
) -> None:
    slo = story.make_slo(credit_risk)
    pair = '[{"long_s": 3600, "short_s": 300, "factor": %s, "severity": "page"}]'
    form = _rule(credit_risk.project, kind="burn_rate", slo=slo.pk, pairs=pair % "14.4")
    assert "could never fire. Use at most 6.0" in as_ana.post("/admin/alerting/alertrule/add/", form).content.decode()
    form["pairs"] = pair % "6.0"
    assert as_ana.post("/admin/alerting/alertrule/add/", form).status_code == 302
    assert AlertRule.objects.get().slo == slo


def test_an_objective_that_cannot_be_measured_is_refused(credit_risk: Model, as_ana: Client) -> None:
    base = {"project": credit_risk.project_id, "name": "S", "slug": "s", "model": credit_risk.pk, "target": "0.99"}
    base |= {"environment": "production", "window": "30 00:00:00"}
    refused = as_ana.post("/admin/monitoring/slo/add/", {**base, "sli": "not_truncated"})
    assert "have no such indicator" in refused.content.decode()
    refused = as_ana.post("/admin/monitoring/slo/add/", {**base, "sli": "latency"})
    assert "how many milliseconds" in refused.content.decode()
    as_ana.post("/admin/monitoring/slo/add/", {**base, "sli": "latency", "bound_ms": "300"})
    assert SLO.objects.get().bound_ms == 300


def test_any_measure_can_be_promised_in_the_form(credit_risk: Model, as_ana: Client) -> None:
    base = {"project": credit_risk.project_id, "name": "S", "slug": "s", "model": credit_risk.pk, "target": "0.9"}
    base |= {"environment": "production", "window": "7 00:00:00", "sli": "time_slices", "minimum": "20"}
    base |= {"measure": "error_rate", "comparison": "at_most"}
    refused = as_ana.post("/admin/monitoring/slo/add/", {**base, "slice": "300"}).content.decode()
    assert "Write the number that a good slice keeps" in refused
    assert "a window has 4 to 1000" in refused or "Minutes are kept for 7 days" in refused
    assert as_ana.post("/admin/monitoring/slo/add/", {**base, "slice": "3600", "bound": "0.02"}).status_code == 302
    slo = SLO.objects.get()
    assert (slo.measure, slo.bound, slo.sliced, slo.minimum) == ("error_rate", 0.02, timedelta(hours=1), 20)
    form = as_ana.get(f"/admin/monitoring/slo/{slo.pk}/change/").content.decode()
    assert '<option value="3600" selected>' in form
    assert "error rate at most 0.02" in as_ana.get("/admin/monitoring/slo/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "mend"),
    [
        *[(field, value, "Enter a number.") for field in ("target", "bound_ms") for value in ("NaN", "inf", "1e999")],
        ("target", "1", "Write a fraction between 0 and 1"),
        ("window", "999999999 00:00:00", "ten years"),
        ("window", "NaN", "Write how long: 30d, 12h"),
        ("window", "30 d", "Write how long: 30d, 12h"),
        ("window", "9" * 30 + "d", "The number of days must be between"),
        ("window", "9" * 50 + "d", "Write how long: 30d, 12h"),
    ],
)
def test_a_promise_of_a_number_without_end_is_refused(
    credit_risk: Model, as_ana: Client, field: str, value: str, mend: str
) -> None:
    base = {"project": credit_risk.project_id, "name": "S", "slug": "s", "model": credit_risk.pk, "target": "0.99"}
    base |= {"environment": "production", "window": "30 00:00:00", "sli": "latency", "bound_ms": "300"}
    assert mend in as_ana.post("/admin/monitoring/slo/add/", {**base, field: value}).content.decode()
    assert not SLO.objects.exists()


@pytest.mark.parametrize("delay", ["999999999 00:00:00", "-00:00:01"])
def test_labels_come_within_living_memory(credit_risk: Model, as_ana: Client, delay: str) -> None:
    form = {"project": credit_risk.project_id, "slug": "credit-risk", "kind": "binary", "mode": "online"}
    form |= {"positive_label": "default", "threshold": "0.5", "label_delay": delay}
    page = as_ana.post(f"/admin/models_registry/model/{credit_risk.pk}/change/", form)
    assert "ten years" in page.content.decode()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_burn_rate_pair_without_end_is_refused(credit_risk: Model, as_ana: Client, number: str) -> None:
    pair = f'[{{"long_s": {number}, "short_s": 300, "factor": 6.0, "severity": "page"}}]'
    form = _rule(credit_risk.project, kind="burn_rate", slo=story.make_slo(credit_risk).pk, pairs=pair)
    assert "numbers above zero" in as_ana.post("/admin/alerting/alertrule/add/", form).content.decode()
    assert not AlertRule.objects.exists()


def test_a_channel_secret_can_be_written_and_never_read(project: Project, as_ana: Client) -> None:
    form = {"project": project.pk, "name": "ops", "kind": "console", "minimum_severity": "ticket", "enabled": "on"}
    page = as_ana.post("/admin/alerting/channel/add/", {**form, "new_secret": "whsec_hush-hush"}, follow=True)
    channel = Channel.objects.get()
    assert vault.unseal(channel.secret) == "whsec_hush-hush"
    change = f"/admin/alerting/channel/{channel.pk}/change/"
    assert "hush-hush" not in page.content.decode() + as_ana.get(change).content.decode()
    as_ana.post(change, {**form, "new_secret": ""})
    channel.refresh_from_db()
    assert vault.unseal(channel.secret) == "whsec_hush-hush"


def test_a_channel_is_saved_and_tried_in_one_row_of_buttons(project: Project, as_ana: Client) -> None:
    channel = Channel.objects.create(project=project, name="ops", kind="console")
    for path in ("add", f"{channel.pk}/change"):
        page = as_ana.get(f"/admin/alerting/channel/{path}/").content.decode()
        _before, row = page.split('class="submit-row')  # two would lie on top of each other: they stick to the window
        assert 'name="_save"' in row
        assert 'name="_send_test"' in row


def test_the_test_button_sends_a_real_message(project: Project, as_ana: Client) -> None:
    form = {"project": project.pk, "name": "ops", "kind": "console", "minimum_severity": "ticket", "enabled": "on"}
    page = as_ana.post("/admin/alerting/channel/add/", {**form, "_send_test": "1"}, follow=True)
    assert "The test message was sent." in page.content.decode()
    assert Notification.objects.get().state == Notification.State.SENT
    bad = as_ana.post("/admin/alerting/channel/add/", {**form, "name": "x", "kind": "email", "target": "nobody"})
    assert bad.status_code == 200
    assert Channel.objects.count() == 1


def test_dead_letters_are_replayed_by_editors_from_the_list(
    project: Project, as_ana: Client, as_bia: Client, now: datetime
) -> None:
    letter = DeadLetter.objects.create(project=project, kind="prediction", item=b'{"id":"x"}', error="boom", at=now)
    chosen = {"action": "replay_selected", "_selected_action": [letter.pk]}
    as_bia.post("/admin/monitoring/deadletter/", chosen)
    assert DeadLetter.objects.exists()
    as_ana.post("/admin/monitoring/deadletter/", chosen)
    assert InboxBody.objects.get().replayed


def test_a_rule_and_its_runbooks_are_one_page(credit_risk: Model, as_ana: Client) -> None:
    rule = story.make_rule(credit_risk)
    story.make_runbook(rule)
    page = as_ana.get(f"/admin/alerting/alertrule/{rule.pk}/change/").content.decode()
    assert "Quality fell" in page
    assert Runbook.objects.get().rules.get() == rule


def test_responders_look_at_definitions_and_outsiders_at_nothing(
    credit_risk: Model, as_bia: Client, as_caio: Client
) -> None:
    rule = story.make_rule(credit_risk)
    assert as_bia.get(f"/admin/alerting/alertrule/{rule.pk}/change/").status_code == 200
    assert as_bia.get("/admin/alerting/alertrule/add/").status_code == 403
    assert as_caio.get("/admin/alerting/alertrule/").status_code == 403


def test_a_segment_key_is_declared_once_withdrawn_and_never_changed(credit_risk: Model, as_ana: Client) -> None:
    base = "/admin/monitoring/segmentkey/"

    def declare(key: str) -> str:
        return as_ana.post(f"{base}add/", {"model": credit_risk.pk, "key": key}).content.decode()

    declare("region")
    key = SegmentKey.objects.get()
    assert (key.key, key.until, key.since % 8_192) == ("region", None, 0)
    assert "The model has this key already." in declare("region")
    assert "needs no declaration" in declare("prompt")
    assert "A key is a letter" in declare("a region")
    assert as_ana.post(f"{base}{key.pk}/change/", {"model": credit_risk.pk, "key": "other"}).status_code == 403
    assert as_ana.post(f"{base}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    as_ana.post(base, {"action": "withdraw", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.until >= key.since
    assert "region" not in declare("region")
    assert SegmentKey.objects.filter(until=None).count() == 1


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ('{"team": "a\\u0000b"}', "NUL character (\\u0000): remove it (team)"),
        ('{"a\\u0000b": "x"}', "NUL character (\\u0000): remove it."),
        ('{"team": "\\ud800"}', "write the whole pair (team)"),
    ],
)
def test_json_that_no_database_can_keep_is_refused_where_it_was_typed(
    credit_risk: Model, as_ana: Client, written: str, mend: str
) -> None:
    rule = story.make_rule(credit_risk)
    form = {
        "project": credit_risk.project.pk, "name": "Rule", "slug": rule.slug, "kind": "threshold", "model": credit_risk.pk,
        "environment": "production", "measure": "accuracy", "comparison": "lt", "threshold": "0.8", "window": "01:00:00",
        "against": "reference", "points": 1, "points_bad": 1, "labels": written, "severity": "ticket", "minimum": 3, "minimum_short": 2,
        "for_duration": "0", "keep_firing_for": "0", "interval": "00:01:00", "no_data": "keep", "on_error": "separate",
        "pairs": "[]", "expression": "{}", "Runbook_rules-TOTAL_FORMS": 0, "Runbook_rules-INITIAL_FORMS": 0,
    }  # fmt: skip
    answer = as_ana.post(f"/admin/alerting/alertrule/{rule.pk}/change/", form)
    assert answer.status_code == 200
    told = html.unescape(answer.content.decode())
    assert mend in told, answer.context["adminform"].form.errors
    assert AlertRule.objects.get(pk=rule.pk).labels == rule.labels
    kept = as_ana.post(f"/admin/alerting/alertrule/{rule.pk}/change/", {**form, "labels": '{"team": "blue"}'})
    assert kept.status_code == 302, kept.context["errors"]
    assert AlertRule.objects.get(pk=rule.pk).labels == {"team": "blue"}


@pytest.mark.parametrize("written", ["30d", "720h", " 30d ", "30 00:00:00", "2592000"])
def test_a_length_is_written_as_in_files_or_as_django_does(credit_risk: Model, as_ana: Client, written: str) -> None:
    asked = {"project": credit_risk.project_id, "name": "S", "slug": "s", "model": credit_risk.pk, "target": "0.99"}
    asked |= {"environment": "production", "window": written, "sli": "availability"}
    assert as_ana.post("/admin/monitoring/slo/add/", asked).status_code == 302
    assert SLO.objects.get().window == timedelta(days=30)


def test_what_is_refused_is_called_as_the_form_calls_it(credit_risk: Model, as_ana: Client) -> None:
    asked = {"project": credit_risk.project_id, "name": "S", "slug": "s", "model": credit_risk.pk, "target": "0.99"}
    asked |= {"environment": "production", "window": "30d", "sli": "not_truncated"}
    page = html.unescape(as_ana.post("/admin/monitoring/slo/add/", asked).content.decode())
    told = re.search(r"They have: (.*?)</li>", page)
    assert told
    offered = dict(re.findall(r"“([^”]+)” \((\w+)\)", told[1]))
    assert {"availability", "accuracy", "time_slices"} <= set(offered.values())
    for label, name in offered.items():
        assert f'<option value="{name}">{label}</option>' in page


def test_a_form_of_a_rule_shows_a_pair_and_names_measures_as_sentences_do(credit_risk: Model, as_ana: Client) -> None:
    page = html.unescape(as_ana.get("/admin/alerting/alertrule/add/").content.decode())
    assert '[{"long_s": 3600, "short_s": 300, "factor": 14.4, "severity": "page"}]' in page
    assert '<option value="error_rate">' in page
    assert "· error_rate</option>" in page
