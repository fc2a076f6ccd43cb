"""Corrections where people write them: on the page of an SLO, from an incident, by API, in a file, in the admin."""

import re
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.timezone import localtime

from alerting.models import Incident
from config.definitions.export import export
from models_registry.keys import create_key
from models_registry.models import Model, User
from models_registry.roles import VIEWER
from monitoring.models import SLO, Correction
from monitoring.slo.status import slo_status
from tests.cast import make_incident, make_person
from tests.monitoring.series import served

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE = "/p/aurora/slos/answered/"


@pytest.fixture
def slo(credit_risk: Model, stopped_clock: datetime) -> SLO:
    """Two hours ago half of what was asked failed."""
    for back in range(1, 20):
        served(credit_risk, stopped_clock - back * HOUR, ok=50, failed=50 if back == 2 else 0)
    return SLO.objects.create(
        project=credit_risk.project,
        model=credit_risk,
        slug="answered",
        name="Answered",
        sli="availability",
        target=0.9,
        window=timedelta(days=1),
    )


def asked(now: datetime, **change: object) -> dict[str, object]:
    begin = localtime(now - 2 * HOUR).replace(tzinfo=None)
    return {
        "starts_at": begin.isoformat(timespec="minutes"),
        "ends_at": (begin + HOUR).isoformat(timespec="minutes"),
        "effect": "excluded",
        "reason": "moved the database",
        "of": "slo",
        **change,
    }


def test_a_stretch_is_left_out_shown_and_taken_back(slo: SLO, as_bia: Client, stopped_clock: datetime) -> None:
    assert slo_status(slo, now=stopped_clock).attained == 19 / 20
    page = as_bia.post(f"{PAGE}corrections/", asked(stopped_clock), follow=True).content.decode()
    assert "moved the database" in page
    assert "50 bad of 100 events of the window" in page
    assert slo_status(slo, now=stopped_clock).attained == 1
    row = Correction.objects.get()
    assert (row.author, row.slo, row.starts_at) == ("bia", slo, stopped_clock - 2 * HOUR)
    page = as_bia.post(f"{PAGE}corrections/{row.pk}/withdraw/", follow=True).content.decode()
    assert "withdrawn by bia" in page
    assert slo_status(slo, now=stopped_clock).attained == 19 / 20


@pytest.mark.parametrize(("language", "legend"), [("en", "left out: moved"), ("pt-br", "fora da conta: moved")])
def test_what_is_corrected_is_shaded_on_every_chart_of_the_slo(
    slo: SLO, as_bia: Client, stopped_clock: datetime, language: str, legend: str
) -> None:
    """In the drawing of the budget, in those of the indicator and in what the browser draws; the legend says why, once."""
    as_bia.cookies["django_language"] = language
    as_bia.post(f"{PAGE}corrections/", asked(stopped_clock))
    page = as_bia.get(PAGE, {"range": "24h"}).content.decode()
    assert page.count('<rect class="band band--corrected"') == 3
    assert page.count(f'<span class="key key--corrected"></span><a href="#corrections">{legend} the database</a>') == 3
    begin = int((stopped_clock - 2 * HOUR).timestamp())
    assert page.count(f'[{begin}, {begin + 3600}, "{legend} the database", "corrected"]') == 2
    as_bia.post(f"{PAGE}corrections/{Correction.objects.get().pk}/withdraw/")
    assert "band--corrected" not in as_bia.get(PAGE, {"range": "24h"}).content.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reason": ""}, "required"),
        ({"ends_at": "2020-01-01T00:00"}, "end after it starts"),
        ({"starts_at": "yesterday"}, "valid date"),
        ({"effect": "doubled"}, "valid choice"),
    ],
)
def test_what_makes_no_sense_is_told_where_it_was_typed(
    slo: SLO, as_bia: Client, stopped_clock: datetime, change: dict[str, str], says: str
) -> None:
    answer = as_bia.post(f"{PAGE}corrections/", asked(stopped_clock, **change))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert says in page
    assert "2026-03-10T" in page, "what was typed is still there"
    assert not Correction.objects.exists()


def test_who_only_looks_corrects_nothing(slo: SLO, client: Client, stopped_clock: datetime) -> None:
    client.force_login(make_person("rui", VIEWER))
    assert "Correct a stretch" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}corrections/", asked(stopped_clock)).status_code == 403


def test_an_incident_is_left_out_of_the_budget(
    slo: SLO, credit_risk: Model, as_bia: Client, stopped_clock: datetime
) -> None:
    incident: Incident = make_incident(
        credit_risk.project, model=credit_risk, at=stopped_clock - 2 * HOUR, resolved_at=stopped_clock - HOUR
    )
    Incident.objects.update(state="resolved")
    address = f"/incidents/{incident.number}/"
    assert "Leave it out of the error budget of" in as_bia.get(address).content.decode()
    wanted = {"slo": "answered", "text": "not ours", "effect": "good"}
    page = as_bia.post(f"{address}exclude/", wanted, follow=True).content.decode()
    assert "no longer counts this incident" in page
    row = Correction.objects.get()
    assert (row.slug, row.effect, row.reason) == (f"incident-{incident.number}", "good", "not ours")
    assert slo_status(slo, now=stopped_clock).attained == 1
    refused = as_bia.post(f"{address}exclude/", {**wanted, "effect": "doubled"})
    assert refused.status_code == 409
    as_bia.post(f"{address}exclude/", {**wanted, "slo": ""}, follow=True)
    assert Correction.objects.filter(model=credit_risk, slo=None).exists()


def test_programs_write_read_and_withdraw(slo: SLO, stopped_clock: datetime) -> None:
    token = create_key(project=slo.project, name="k", scopes=["read", "respond"])[1]
    api = Client(headers={"authorization": f"Bearer {token}"})
    wanted = {"slo": "answered", "starts_at": "2026-03-10T13:00:00Z", "ends_at": "2026-03-10T14:00:00Z", "reason": "r"}
    made = api.post("/api/v1/slo-corrections", wanted, content_type="application/json")
    assert made.status_code == 201, made.json()
    assert made.json()["slug"] == "2026-03-10-1300"
    [item] = api.get("/api/v1/slos/answered/corrections").json()["items"]
    assert (item["good"], item["valid"], item["covers_from"]) == (50, 100, "2026-03-10T13:00:00Z")
    assert api.get("/api/v1/slos/answered").json()["attained"] == 1
    gone = api.post("/api/v1/slo-corrections/2026-03-10-1300/withdraw")
    assert gone.json()["withdrawn_at"]
    assert [one["slug"] for one in api.get("/api/v1/slo-corrections").json()["items"]] == ["2026-03-10-1300"]
    for change, field in (
        ({"ends_at": wanted["starts_at"]}, "ends_at"),
        ({"slo": "nobody"}, "slo"),
        ({"model": "credit-risk"}, "model"),
    ):
        refused = api.post("/api/v1/slo-corrections", {**wanted, **change}, content_type="application/json")
        assert refused.status_code == 400
        assert field in refused.content.decode()
    assert api.post("/api/v1/slo-corrections/nothing/withdraw").status_code == 404


def test_a_file_holds_them_and_changes_none(slo: SLO, tmp_path: Path, stopped_clock: datetime) -> None:
    file = tmp_path / "panel.yml"
    text = """
project: aurora
corrections:
  night-work:
    slo: answered
    starts_at: 2026-03-10T10:00:00-03:00
    ends_at: "2026-03-10T14:00:00Z"
    reason: moved the database
    author: ana
"""

    def apply(content: str) -> None:
        file.write_text(content)
        call_command("apply", str(file), stdout=StringIO())

    apply(text)
    assert slo_status(slo, now=stopped_clock).attained == 1
    apply(text)
    apply(yaml.safe_dump(export(slo.project).document, allow_unicode=True))
    assert Correction.objects.get().withdrawn_at is None
    with pytest.raises(CommandError, match="never changed"):
        apply(text.replace("moved", "burnt"))
    apply(f"{text}    withdrawn_at: 2026-03-11T10:00:00Z\n    withdrawn_by: ana\n")
    assert slo_status(slo, now=stopped_clock).attained == 19 / 20


def test_saturday_has_its_accent(slo: SLO, as_bia: Client) -> None:
    page = as_bia.get(PAGE, headers={"accept-language": "pt-br"}).content.decode()
    assert "Sáb" in page
    assert "Sab<" not in page


WEEKLY = {"days": ["1", "3"], "start": "10:00", "end": "11:00", "time_zone": "America/Sao_Paulo", "ends_at": ""}


@pytest.mark.parametrize(
    ("language", "when", "covers", "legend"),
    [
        (
            "en",
            "Tue, Thu, 10:00–11:00 America/Sao_Paulo",
            "1 time in the window: 50 bad of 100 events",
            "left out: moved",
        ),
        (
            "pt-br",
            "Ter, Qui, 10:00–11:00 America/Sao_Paulo",
            "1 vez na janela: 50 eventos ruins de 100 da janela",
            "fora da conta: moved",
        ),
    ],
)
def test_maintenance_that_comes_again_is_written_told_drawn_and_ended(
    slo: SLO, as_bia: Client, stopped_clock: datetime, language: str, when: str, covers: str, legend: str
) -> None:
    """10 March is a Tuesday; 13:00 in UTC, when half of what was asked failed, is 10:00 in São Paulo."""
    as_bia.cookies["django_language"] = language
    began = (localtime(stopped_clock) - 20 * DAY).replace(tzinfo=None).isoformat(timespec="minutes")
    given = asked(stopped_clock, starts_at=began, **WEEKLY)
    text = as_bia.post(f"{PAGE}corrections/", given, follow=True).content.decode()
    assert when in text
    assert covers in text
    row = Correction.objects.get()
    assert (row.days, row.ends_at, row.time_zone) == ([1, 3], None, "America/Sao_Paulo")
    assert slo_status(slo, now=stopped_clock).attained == 1
    drawn = as_bia.get(PAGE, {"range": "30d"}).content.decode()
    assert drawn.count(f"{legend} the database</a>") == 3, "once on each legend"
    assert drawn.count('<rect class="band band--corrected"') == 1 + 2 * 6, "six times in the month, once in the budget"
    as_bia.post(f"{PAGE}corrections/{row.pk}/end/")
    row.refresh_from_db()
    assert (row.ends_at, row.ended_by, row.withdrawn_at) == (stopped_clock, "bia", None)
    assert slo_status(slo, now=stopped_clock).attained == 1
    assert f"/corrections/{row.pk}/end/" not in as_bia.get(PAGE).content.decode()


def test_what_comes_once_is_not_ended(slo: SLO, as_bia: Client, client: Client, stopped_clock: datetime) -> None:
    as_bia.post(f"{PAGE}corrections/", asked(stopped_clock, time_zone="Mars/Olympus", ends_at="2026-03-20T12:00"))
    row = Correction.objects.get()
    assert row.time_zone == "UTC", "what is of no use here is not asked for"
    assert b"withdraw this one" in as_bia.post(f"{PAGE}corrections/{row.pk}/end/", follow=True).content
    client.force_login(make_person("rui", VIEWER))
    assert client.post(f"{PAGE}corrections/{row.pk}/end/").status_code == 403


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({**WEEKLY, "days": []}, "Choose at least one day"),
        ({**WEEKLY, "start": ""}, "Say from when until when"),
        ({**WEEKLY, "end": "25:00"}, "valid time"),
        ({**WEEKLY, "time_zone": "Mars/Olympus"}, "IANA"),
        ({**WEEKLY, "days": ["3"], "ends_at": "2026-03-11T11:30"}, "not come once"),
        ({"ends_at": ""}, "Say when it ends"),
    ],
)
def test_a_recurrence_that_makes_no_sense_is_told_where_it_was_typed(
    slo: SLO, as_bia: Client, stopped_clock: datetime, change: dict[str, str], says: str
) -> None:
    answer = as_bia.post(f"{PAGE}corrections/", asked(stopped_clock, **change))
    [told] = re.findall(r'<ul class="errorlist"[^>]*><li>([^<]*)', answer.content.decode())
    assert (answer.status_code, says in told) == (400, True), told
    assert not Correction.objects.exists()


def test_programs_write_what_comes_again_and_end_it(slo: SLO, stopped_clock: datetime) -> None:
    token = create_key(project=slo.project, name="k", scopes=["read", "respond"])[1]
    api = Client(headers={"authorization": f"Bearer {token}"})
    wanted = {
        "slug": "weekly",
        "slo": "answered",
        "starts_at": "2026-01-01T00:00:00Z",
        "reason": "r",
        "days": [3, 1],
        "start": "10:00",
        "end": "11:00",
        "time_zone": "America/Sao_Paulo",
    }
    made = api.post("/api/v1/slo-corrections", wanted, content_type="application/json")
    assert made.status_code == 201, made.json()
    assert {name: made.json()[name] for name in ("ends_at", "days", "start", "end", "time_zone")} == {
        "ends_at": None,
        "days": [1, 3],
        "start": "10:00:00",
        "end": "11:00:00",
        "time_zone": "America/Sao_Paulo",
    }
    [item] = api.get("/api/v1/slos/answered/corrections").json()["items"]
    assert item["covers"] == [["2026-03-10T13:00:00Z", "2026-03-10T14:00:00Z"]]
    assert (item["covers_from"], item["covers_to"], item["good"], item["valid"]) == (*item["covers"][0], 50, 100)
    assert api.get("/api/v1/slos/answered").json()["attained"] == 1
    for change, field in (
        ({"days": []}, "days"),
        ({"days": [True]}, "days"),
        ({"days": "sunday"}, "days"),
        ({"start": None}, "start"),
        ({"end": "noon"}, "end"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"ends_at": "2025-01-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "9999-12-31T23:59:59Z"}, "starts_at"),
    ):
        refused = api.post("/api/v1/slo-corrections", {**wanted, **change}, content_type="application/json")
        assert refused.status_code == 400, change
        assert f"/{field}" in refused.content.decode(), refused.content
    ended = api.post("/api/v1/slo-corrections/weekly/end").json()
    assert (datetime.fromisoformat(ended["ends_at"]), ended["withdrawn_at"]) == (stopped_clock, None)
    assert api.post("/api/v1/slo-corrections/weekly/end").json() == ended
    once = {"starts_at": "2026-03-10T13:00:00Z", "ends_at": "2026-03-12T14:00:00Z", "reason": "r", "slug": "once"}
    api.post("/api/v1/slo-corrections", once, content_type="application/json")
    refused = api.post("/api/v1/slo-corrections/once/end")
    assert (refused.status_code, "withdraw this one" in refused.content.decode()) == (400, True)


def test_a_file_holds_what_comes_again_and_ends_it_sooner(slo: SLO, tmp_path: Path, stopped_clock: datetime) -> None:
    file = tmp_path / "panel.yml"
    text = """
project: aurora
corrections:
  weekly:
    slo: answered
    starts_at: 2026-01-01T00:00:00Z
    days: [thu, tue]
    start: "10:00"
    end: "11:00"
    time_zone: America/Sao_Paulo
    reason: moved the database
    author: ana
"""

    def apply(content: str) -> None:
        file.write_text(content)
        call_command("apply", str(file), stdout=StringIO())

    apply(text)
    apply(text)
    row = Correction.objects.get()
    assert (row.days, row.ends_at) == ([1, 3], None)
    assert slo_status(slo, now=stopped_clock).attained == 1
    written = export(slo.project).document
    assert written["corrections"]["weekly"]["days"] == ["tue", "thu"]
    apply(yaml.safe_dump(written, allow_unicode=True))
    Correction.objects.all().delete()
    apply(yaml.safe_dump(written, allow_unicode=True))
    assert Correction.objects.get().weekly == row.weekly
    for change, mend in (
        (("[thu, tue]", "[thu]"), "never changed"),
        (("[thu, tue]", "[someday]"), "is no day"),
        (('"10:00"', "noon"), "a time such as"),
        (("author: ana", "author: ana\n    ends_at: 2026-03-01T00:00:00Z"), "not before now"),
    ):
        with pytest.raises(CommandError, match=mend):
            apply(text.replace(*change))
    apply(f"{text}    ends_at: 2026-03-12T00:00:00Z\n    ended_by: ana\n")
    with pytest.raises(CommandError, match="can end sooner"):
        apply(f"{text}    ends_at: 2026-03-19T00:00:00Z\n")
    assert slo_status(slo, now=stopped_clock).attained == 1


def test_the_admin_writes_what_comes_again_and_ends_it(slo: SLO, as_ana: Client, stopped_clock: datetime) -> None:
    wanted = {"project": slo.project_id, "slo": slo.pk, "effect": "excluded", "reason": "work", "time_zone": "UTC"}
    wanted |= {"starts_at_0": "2026-03-01", "starts_at_1": "10:00", "start": "13:00", "end": "14:00"}
    refused = as_ana.post("/admin/monitoring/correction/add/", wanted)
    assert "Choose at least one day" in refused.content.decode()
    assert as_ana.post("/admin/monitoring/correction/add/", {**wanted, "days": ["1"]}).status_code == 302
    row = Correction.objects.get()
    assert slo_status(slo, now=stopped_clock).attained == 1
    as_ana.post("/admin/monitoring/correction/", {"action": "end", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert (row.ends_at, row.ended_by) == (stopped_clock, "ana")


def test_the_admin_writes_and_withdraws(slo: SLO, as_ana: Client, ana: User, stopped_clock: datetime) -> None:
    wanted = {"project": slo.project_id, "slo": slo.pk, "effect": "excluded", "reason": "work"}
    wanted |= {"time_zone": "UTC"}
    wanted |= {"starts_at_0": "2026-03-10", "starts_at_1": "10:00", "ends_at_0": "2026-03-10", "ends_at_1": "12:00"}
    answer = as_ana.post("/admin/monitoring/correction/add/", wanted)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    row = Correction.objects.get()
    assert row.author == "ana"
    as_ana.post("/admin/monitoring/correction/", {"action": "withdraw", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.withdrawn_by == "ana"
    assert as_ana.post(f"/admin/monitoring/correction/{row.pk}/change/", wanted).status_code == 403


def test_the_groups_of_an_objective_are_listed_the_worst_first(
    slo: SLO, as_bia: Client, stopped_clock: datetime
) -> None:
    for value, failed in (("north", 0), ("south", 9)):
        served(slo.model, stopped_clock - HOUR, ok=10, failed=failed, segment=f"region={value}")
    SLO.objects.update(group_by="region")
    page = as_bia.get(PAGE).content.decode()
    assert "Budget per region" in page
    assert page.index("south</th>") < page.index("north</th>")


def test_few_bad_events_burn_nothing_on_the_page(credit_risk: Model, as_bia: Client, stopped_clock: datetime) -> None:
    """As the state says it, and as a rule would."""
    served(credit_risk, stopped_clock - timedelta(minutes=2), failed=1)
    fields = {"slug": "answered", "name": "Answered", "sli": "availability", "target": 0.9}
    SLO.objects.create(project=credit_risk.project, model=credit_risk, **fields)
    page = as_bia.get(PAGE).content.decode()
    assert "too few bad events" in page
    assert "pill--burning" not in page
