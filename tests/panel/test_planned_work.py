"""A maintenance window and a correction of budgets know of each other: each leads to the form of the other, filled in."""

import html
import re
from datetime import datetime, time, timedelta

import pytest
from django.test import Client

from alerting.models import Inhibition, Maintenance
from alerting.mutes.planned import corrections_beside, windows_beside
from models_registry.models import Model, Project, User
from monitoring.models import SLO, Correction

DAY = timedelta(days=1)
LIST = "/p/aurora/silences/"
PAGE = "/p/aurora/slos/answered/"
WEEKLY = {"days": [5, 6], "start": time(2), "end": time(4), "time_zone": "America/Sao_Paulo"}


@pytest.fixture
def slo(credit_risk: Model, stopped_clock: datetime) -> SLO:
    fields = {"slug": "answered", "name": "Answered", "sli": "availability", "target": 0.9, "window": DAY}
    return SLO.objects.create(project=credit_risk.project, model=credit_risk, **fields)


def a_window(project: Project, **more: object) -> Maintenance:
    fields = {"name": "retraining", "owner": "ana", "matchers": [matcher("model", "credit-risk")], **WEEKLY, **more}
    return Maintenance.objects.create(project=project, **fields)


def matcher(name: str, value: str) -> dict[str, object]:
    return {"name": name, "value": value, "isRegex": False, "isEqual": True}


def a_correction(slo: SLO, at: datetime, **more: object) -> Correction:
    fields = {"slug": "c", "slo": slo, "starts_at": at - DAY, "reason": "retraining", "author": "ana", **WEEKLY, **more}
    return Correction.objects.create(project=slo.project, **fields)


def filled(page: str) -> dict[str, list[str]]:
    """What the form of a page holds, by the names of its fields."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name, value = (re.search(rf'\b{key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and ('type="checkbox"' not in tag or "checked" in tag):
            found.setdefault(name[1], []).append(html.unescape(value[1]) if value else "on" * ("checked" in tag))
    for name, body in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', page, re.S):
        found[name] = re.findall(r'<option value="([^"]*)" selected', body)
    for name, body in re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', page, re.S):
        found[name] = [html.unescape(body.strip())]
    return found


def link(page: str, text: str) -> str:
    found = re.search(rf'<a href="([^"]*)">{text}</a>', page)
    assert found, text
    return html.unescape(found[1])


def test_a_window_leads_to_a_correction_of_what_it_keeps_quiet(
    slo: SLO, as_admin: Client, stopped_clock: datetime
) -> None:
    a_window(slo.project)
    a_window(slo.project, name="of one promise", matchers=[matcher("slo", "answered")], days=[0])
    form = as_admin.get(link(as_admin.get(LIST).content.decode(), "Leave it out of budgets too")).content.decode()
    assert "server time" not in form
    given = filled(form)
    kept = {name: given.get(name) for name in ("days", "start", "end", "time_zone", "slo", "model", "reason")}
    assert kept in (
        {"days": ["0"], "start": ["02:00"], "end": ["04:00"], "time_zone": ["America/Sao_Paulo"]}
        | {"slo": [str(slo.pk)], "model": [""], "reason": ["of one promise"]},
        {"days": ["5", "6"], "start": ["02:00"], "end": ["04:00"], "time_zone": ["America/Sao_Paulo"]}
        | {"slo": [""], "model": [str(slo.model_id)], "reason": ["retraining"]},
    )
    answer = as_admin.post("/admin/monitoring/correction/add/", given)
    assert answer.status_code == 302, answer.content.decode()
    row = Correction.objects.get()
    assert (row.start, row.end, row.time_zone, row.ends_at) == (time(2), time(4), "America/Sao_Paulo", None)
    assert row.starts_at == stopped_clock.replace(second=0, microsecond=0)
    page = as_admin.get(LIST).content.decode()
    assert "Sat, Sun, 02:00–04:00 America/Sao_Paulo" in page
    assert "is corrected" in page
    assert page.count("Leave it out of budgets too") == 1


@pytest.mark.parametrize(
    "matchers",
    [
        [{"name": "severity", "value": "ticket", "isRegex": False, "isEqual": True}],
        [{"name": "model", "value": "credit-.*", "isRegex": True, "isEqual": True}],
        [{"name": "slo", "value": "answered", "isRegex": False, "isEqual": False}],
        [{"name": "model", "value": "nobody", "isRegex": False, "isEqual": True}],
    ],
)
def test_a_window_that_names_neither_leads_to_no_correction_of_every_budget(
    slo: SLO, as_admin: Client, matchers: list[dict[str, object]]
) -> None:
    a_window(slo.project, matchers=matchers)
    page = as_admin.get(LIST).content.decode()
    assert "retraining" in page
    assert "Leave it out of budgets too" not in page


def test_a_correction_leads_to_what_keeps_its_alerts_quiet(slo: SLO, as_admin: Client, stopped_clock: datetime) -> None:
    a_correction(slo, stopped_clock)
    form = as_admin.get(link(as_admin.get(PAGE).content.decode(), "Keep its alerts quiet too")).content.decode()
    given = filled(form)
    assert given["matchers"] == ['slo="answered"']
    assert (given["days"], given["start"], given["end"]) == (["5", "6"], ["02:00"], ["04:00"])
    assert as_admin.post("/admin/alerting/maintenance/add/", given).status_code == 302
    assert Maintenance.objects.get().weekly == Correction.objects.get().weekly
    page = as_admin.get(PAGE).content.decode()
    assert "alerts stay quiet by" in page
    assert "Keep its alerts quiet too" not in page


def test_one_that_comes_once_leads_to_a_silence_of_the_same_time(
    slo: SLO, as_bia: Client, stopped_clock: datetime
) -> None:
    once: dict[str, object] = {"days": [], "start": None, "end": None, "time_zone": "UTC"}
    starts = stopped_clock + DAY
    row = a_correction(slo, stopped_clock, **once, starts_at=starts, ends_at=starts + timedelta(hours=3))
    given = filled(as_bia.get(link(as_bia.get(PAGE).content.decode(), "Keep its alerts quiet too")).content.decode())
    assert given["matchers"] == ['slo="answered"']
    assert (given["hours"], given["comment"]) == (["3.00"], ["retraining"])
    as_bia.post(f"{LIST}new/", given)
    silence = slo.project.silences.get()
    assert (silence.starts_at, silence.ends_at) == (row.starts_at, row.ends_at)
    Correction.objects.update(starts_at=stopped_clock - DAY, ends_at=stopped_clock)
    assert "Keep its alerts quiet too" not in as_bia.get(PAGE).content.decode()


def test_they_belong_together_where_times_agree_and_nothing_speaks_against_it(
    slo: SLO, stopped_clock: datetime
) -> None:
    now, row = stopped_clock, a_correction(slo, stopped_clock)
    of_model = a_window(slo.project)
    a_window(slo.project, name="another model", matchers=[matcher("model", "churn")])
    a_window(slo.project, name="another day", days=[0])
    a_window(slo.project, name="another zone", time_zone="UTC")
    a_window(slo.project, name="switched off", enabled=False, matchers=[matcher("slo", "answered")])
    assert [one.name for one in windows_beside([row])[row.pk]] == ["retraining"]
    assert corrections_beside([of_model], now=now) == {of_model.pk: [row]}
    row.withdrawn_at = now
    row.save()
    assert corrections_beside([of_model], now=now) == {}
    assert (corrections_beside([], now=now), windows_beside([])) == ({}, {})


@pytest.mark.parametrize("asked", ["days=9,x&start=soon", "starts_at=yesterday&days=", "starts_at=2026-02-30T00:00"])
def test_an_address_that_makes_no_sense_fills_in_nothing(slo: SLO, as_admin: Client, asked: str) -> None:
    for form in ("monitoring/correction", "alerting/maintenance"):
        assert as_admin.get(f"/admin/{form}/add/?{asked}").status_code == 200


def test_the_zone_of_a_new_one_is_the_panels_and_the_only_project_is_chosen(slo: SLO, as_admin: Client) -> None:
    for form in ("monitoring/correction", "alerting/maintenance"):
        given = filled(as_admin.get(f"/admin/{form}/add/").content.decode())
        assert (given["time_zone"], given["project"]) == (["America/Sao_Paulo"], [str(slo.project_id)])
    Project.objects.create(slug="other", name="Other")
    assert filled(as_admin.get("/admin/alerting/maintenance/add/").content.decode())["project"] == [""]


def test_days_of_the_week_are_asked_for_in_words(slo: SLO, as_admin: Client, stopped_clock: datetime) -> None:
    given = {"starts_at": "2026-03-10T12:00", "effect": "excluded", "of": "slo", "reason": "a", "time_zone": "UTC"}
    page = as_admin.post(f"{PAGE}corrections/", {**given, "start": "02:00", "end": "04:00"}).content.decode()
    assert "Choose at least one day of the week." in page
    assert "0 (Monday)" not in page


def test_forms_of_the_admin_are_offered_to_who_can_open_them(
    slo: SLO, as_ana: Client, as_bia: Client, ana: User, stopped_clock: datetime
) -> None:
    """A responder corrects budgets and silences, and changes no definitions; nobody but staff has the admin."""
    a_window(slo.project)
    a_correction(slo, stopped_clock, time_zone="UTC")
    Inhibition.objects.create(project=slo.project, name="downstream", source=[], target=[], equal=[])
    for path in (PAGE, LIST, "/p/aurora/runbooks/", "/p/aurora/routes/"):
        links = 'href="/admin/(monitoring|alerting|runbooks)/'
        assert re.search(links, as_ana.get(path).content.decode()), path
        User.objects.filter(pk=ana.pk).update(is_staff=False)
        assert not re.search(links, as_ana.get(path).content.decode()), path
        User.objects.filter(pk=ana.pk).update(is_staff=True)
    assert "Keep its alerts quiet too" not in as_bia.get(PAGE).content.decode()
    assert "Leave it out of budgets too" in as_bia.get(LIST).content.decode()
