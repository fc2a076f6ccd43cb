"""Removing by API what the admin removes: what would go along is named and confirmed first, and records that stay keep it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerting.models import Alert, AlertRule, AlertTransition
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model, ModelVersion, Project, Prompt, PromptVersion
from models_registry.roles import EDITOR, VIEWER
from monitoring.drain import drain_until_empty
from monitoring.models import SLO, BatchRun, Component, Policy, Prediction
from tests.cast import NOW, make_incident, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(project: Project) -> Client:
    return holder(project, "read", "admin", "ingest")


def holder(project: Project, *scopes: str) -> Client:
    forget_keys()
    return Client(headers={"Authorization": f"Bearer {create_key(project=project, name='k', scopes=scopes)[1]}"})


def person(*roles: str, superuser: bool = False) -> Client:
    found = make_person("-".join(roles) or "root", *roles)
    found.is_superuser = superuser
    found.save()
    client = Client()
    client.force_login(found)
    return client


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_what_nothing_stands_on_goes_at_once(key: Client, project: Project) -> None:
    Model.objects.create(project=project, slug="new/one", kind="binary")
    Prompt.objects.create(project=project, name="hello/there")
    assert key.delete("/api/v1/models/new/one").status_code == 204
    assert key.delete("/api/v1/prompts/hello/there").status_code == 204
    assert key.delete("/api/v1/models/new/one").status_code == 404
    assert (Model.objects.count(), Prompt.objects.count()) == (0, 0)
    assert LogEntry.objects.filter(action_flag=3).count() == 2


def test_what_was_measured_goes_only_with_the_name_repeated(
    key: Client, credit_risk: Model, project: Project, stopped_clock: Any
) -> None:
    event = {"id": "p1", "model": "credit-risk", "version": "1", "ts": NOW.isoformat(), "prediction": "paid"}
    assert key.post("/api/v1/predictions", event, content_type="application/json").status_code == 202
    drain_until_empty(now=NOW)
    SLO.objects.create(project=project, slug="a", name="A", model=credit_risk, sli="availability", target=0.9)
    for path in ("models/credit-risk/versions/1", "models/credit-risk"):
        refused = key.delete(f"/api/v1/{path}")
        assert refusal(refused) == (409, "confirmation_needed")
        assert "series" in refused.json()["detail"]
        assert key.delete(f"/api/v1/{path}?confirm=other").json()["errors"][0]["pointer"] == "/confirm"
        assert key.delete(f"/api/v1/{path}?conform=1").status_code == 400
    assert "SLO" in refused.json()["detail"]
    assert "confirm=credit-risk" in refused.json()["detail"]
    assert Prediction.objects.count() == 1
    assert key.delete("/api/v1/models/credit-risk/versions/1?confirm=1").status_code == 204
    assert (Prediction.objects.count(), ModelVersion.objects.count()) == (0, 0)
    assert key.delete("/api/v1/models/credit-risk?confirm=credit-risk").status_code == 204
    assert (Model.objects.count(), SLO.objects.count()) == (0, 0)


def test_the_tag_of_what_was_read_holds_here_too(key: Client, credit_risk: Model) -> None:
    address = "/api/v1/models/credit-risk"
    tag = key.get(address)["ETag"]
    Model.objects.update(name="Renamed")
    assert key.delete(f"{address}?confirm=credit-risk", headers={"If-Match": tag}).status_code == 412
    assert (
        key.delete(f"{address}?confirm=credit-risk", headers={"If-Match": key.get(address)["ETag"]}).status_code == 204
    )


def test_records_that_nobody_removes_keep_it(key: Client, credit_risk: Model, project: Project) -> None:
    version = credit_risk.versions.get()
    BatchRun.objects.create(project=project, version=version, run="nightly", heard_at=NOW)
    root = person(superuser=True)
    for client, path in (
        (key, "models/credit-risk/versions/1?confirm=1"),
        (key, "models/credit-risk?confirm=credit-risk"),
        (root, f"models/credit-risk?confirm=credit-risk&project={project.slug}"),
        (root, f"projects/{project.slug}?confirm={project.slug}"),
    ):
        answer = client.delete(f"/api/v1/{path}")
        assert refusal(answer) == (409, "refused"), path
        assert "batch runs" in answer.json()["detail"]
    assert version.batch_runs.count() == 1


@pytest.mark.parametrize("way", ["slo", "policy"])
def test_records_are_found_by_every_way_they_hang_on_it(
    key: Client, credit_risk: Model, support_assistant: Model, project: Project, way: str
) -> None:
    """The rule that is met first, on the model itself, has no alerts; the other one is reached by way of its SLO or policy."""
    AlertRule.objects.create(
        project=project, slug="alive", kind="heartbeat", model=credit_risk, window=timedelta(hours=1)
    )
    if way == "slo":
        slo = SLO.objects.create(project=project, slug="a", name="A", model=credit_risk, sli="availability", target=0.9)
        rule = AlertRule.objects.create(project=project, slug="burns", kind="burn_rate", slo=slo)
    else:
        policy = Policy.objects.create(project=project, slug="frugal", model=credit_risk)
        rule = AlertRule.objects.create(
            project=project, slug="frugal", kind="policy", model=support_assistant, policy=policy
        )
    alert = Alert.objects.create(rule=rule, fingerprint="1", state="firing", severity="page")
    AlertTransition.objects.create(alert=alert, from_state="pending", to_state="firing", at=NOW)
    for path in ("models/credit-risk", "models/credit-risk?confirm=credit-risk"):
        answer = key.delete(f"/api/v1/{path}")
        assert refusal(answer) == (409, "refused"), path
        assert "alerts" in answer.json()["detail"]
    assert (Alert.objects.count(), AlertTransition.objects.count(), AlertRule.objects.count()) == (1, 1, 2)
    alert.delete()
    assert key.delete("/api/v1/models/credit-risk?confirm=credit-risk").status_code == 204


def test_more_events_than_one_request_may_remove_keep_it(
    key: Client, credit_risk: Model, project: Project, settings: Any
) -> None:
    version = credit_risk.versions.get()
    for number in range(1, 5):
        Prediction.objects.create(
            id=number, project=project, version=version, event_id=f"p-{number}", ts_us=number, ingested_us=number
        )
    settings.REMOVAL = {**settings.REMOVAL, "most_events": 3}
    root = person(superuser=True)
    for client, path in (
        (key, "models/credit-risk/versions/1"),
        (key, "models/credit-risk?confirm=credit-risk"),
        (root, f"projects/{project.slug}?confirm={project.slug}"),
    ):
        with CaptureQueriesContext(connection) as asked:
            answer = client.delete(f"/api/v1/{path}")
        assert refusal(answer) == (409, "refused"), path
        assert answer.json()["detail"].startswith("More than 3 stored events")
        assert "retention" in answer.json()["detail"]
        probes = [one["sql"] for one in asked if "COUNT(" in one["sql"] and "prediction" in one["sql"]]
        assert probes
        assert all("LIMIT 4" in one for one in probes), "no table is counted"
    for table, row in (("project", project), ("model", credit_risk), ("modelversion", version)):
        page = root.post(f"/admin/models_registry/{table}/{row.pk}/delete/", {"post": "yes"}).content.decode()
        assert "3 stored events" in page
    assert Prediction.objects.count() == 4
    settings.REMOVAL = {**settings.REMOVAL, "most_events": 4}
    assert refusal(root.delete(f"/api/v1/projects/{project.slug}")) == (409, "confirmation_needed"), "counted once"
    assert "predictions" in key.delete("/api/v1/models/credit-risk/versions/1").json()["detail"]
    assert key.delete("/api/v1/models/credit-risk/versions/1?confirm=1").status_code == 204
    assert root.post(f"/admin/models_registry/model/{credit_risk.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Model.objects.exists()


def test_what_something_else_is_made_of_stays_and_says_of_what(
    key: Client, credit_risk: Model, support_assistant: Model, project: Project
) -> None:
    part = SLO.objects.create(
        project=project, slug="part", name="Part", model=credit_risk, sli="availability", target=0.9
    )
    whole = SLO.objects.create(
        project=project, slug="whole", name="Whole", model=support_assistant, sli="composite", composition="weighted",
        target=0.9,
    )  # fmt: skip
    Component.objects.create(composite=whole, slo=part)
    for path in ("models/credit-risk", "models/credit-risk?confirm=credit-risk"):  # named before it is to be confirmed
        answer = key.delete(f"/api/v1/{path}")
        assert refusal(answer) == (409, "refused"), path
        assert answer.json()["detail"] == "It is held by component “Whole: Part”. Change or remove these first."
    assert Model.objects.filter(slug="credit-risk").exists()
    assert not LogEntry.objects.exists()


def test_versions_of_prompts(key: Client, project: Project) -> None:
    prompt = Prompt.objects.create(project=project, name="answer")
    PromptVersion.objects.create(prompt=prompt, version="v/1", first_used_at=NOW, template="Be kind.")
    PromptVersion.objects.create(prompt=prompt, version="2")
    told = key.get("/api/v1/prompts/answer/versions/v/1").json()
    assert told == key.get("/api/v1/prompts/answer/versions?version=v/1").json()["items"][0]
    assert key.delete("/api/v1/prompts/answer/versions/2").status_code == 204
    assert refusal(key.delete("/api/v1/prompts/answer/versions/v/1")) == (409, "confirmation_needed")
    assert key.delete("/api/v1/definitions/prompts/answer").status_code == 409
    assert refusal(key.delete("/api/v1/prompts/answer")) == (409, "confirmation_needed")
    assert key.delete("/api/v1/prompts/answer/versions/v/1?confirm=v/1").status_code == 204
    assert key.delete("/api/v1/prompts/answer").status_code == 204


def test_people_remove_projects_and_keys_do_not(key: Client, project: Project) -> None:
    assert key.delete(f"/api/v1/projects/{project.slug}?confirm={project.slug}").status_code == 403
    root = person(superuser=True)
    refused = root.delete(f"/api/v1/projects/{project.slug}")
    assert refusal(refused) == (409, "confirmation_needed")
    assert "API keys" in refused.json()["detail"]
    assert root.delete(f"/api/v1/projects/{project.slug}?confirm={project.slug}").status_code == 204
    assert not Project.objects.exists()
    assert key.get("/api/v1/models").status_code == 401


def test_incidents_keep_their_project(project: Project) -> None:
    make_incident(project)
    answer = person(superuser=True).delete(f"/api/v1/projects/{project.slug}?confirm={project.slug}")
    assert refusal(answer) == (409, "refused")
    assert "incidents" in answer.json()["detail"]


def test_people_need_the_permission_for_all_that_goes_along(credit_risk: Model, project: Project) -> None:
    AlertRule.objects.create(
        project=project, slug="alive", kind="heartbeat", model=credit_risk, window=timedelta(hours=1)
    )
    some = make_person("some", VIEWER)
    some.user_permissions.set(Permission.objects.filter(codename__in=("delete_model", "delete_modelversion")))
    half = Client()
    half.force_login(some)
    at = f"/api/v1/models/credit-risk?confirm=credit-risk&project={project.slug}"
    assert person(VIEWER).delete(at).status_code == 403
    answer = half.delete(at)
    assert refusal(answer) == (409, "refused")
    assert "rules" in answer.json()["detail"]
    assert person(EDITOR).delete(at).status_code == 204
    assert holder(project, "read", "respond").delete("/api/v1/prompts/x").status_code == 403
