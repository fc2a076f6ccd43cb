"""What files define, programs define too: the same fields and checks, one by one or all at once."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerting.evaluate.external import Incoming, receive
from alerting.models import AlertRule, Channel, QuietHours
from config.definitions.kinds import KINDS
from lib.vault import unseal
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model, ModelVersion, Project, User
from monitoring.models import SLO, DeadLetter, InboxBody, ScrapeTarget
from tests.alerting.rule_cast import NOON
from tests.cast import make_person

pytestmark = pytest.mark.django_db
SLO_FIELDS = {"name": "Answered", "model": "credit-risk", "sli": "availability", "target": 0.99, "window": "7d"}


@pytest.fixture
def call(project: Project) -> Callable[..., Any]:
    forget_keys()
    _, token = create_key(project=project, name="tests", scopes=["read", "admin"])
    client = Client(headers={"authorization": f"Bearer {token}"})

    def call(method: str, path: str, body: Any = None) -> Any:
        text = "" if body is None else json.dumps(body)
        return client.generic(method, f"/api/v1/{path}", text, content_type="application/json")

    return call


def test_a_definition_is_made_changed_read_and_removed(call: Any, credit_risk: Model) -> None:
    made = call("POST", "definitions/slos", {"key": "answered", "fields": SLO_FIELDS})
    assert made.status_code == 201, made.content
    assert made.json()["fields"]["window"] == "7d"
    again = call("POST", "definitions/slos", {"key": "answered", "fields": SLO_FIELDS})
    assert again.status_code == 409
    changed = call("PATCH", "definitions/slos/answered", {"target": 0.95})
    assert (changed.json()["fields"]["target"], changed.json()["fields"]["window"]) == (0.95, "7d")
    assert call("GET", "definitions/slos/answered").json() == changed.json()
    assert call("GET", "definitions/slos").json()["items"] == [changed.json()]
    assert call("DELETE", "definitions/slos/answered").status_code == 204
    assert not SLO.objects.exists()
    assert call("PATCH", "definitions/slos/answered", {"target": 0.9}).status_code == 404
    assert call("GET", "definitions/gone").status_code == 404


def test_every_section_is_listed(call: Any, credit_risk: Model) -> None:
    for kind in KINDS:
        answer = call("GET", f"definitions/{kind.section}")
        assert answer.status_code == 200, answer.content
    assert call("GET", "definitions/models/credit-risk").json()["fields"]["label_delay"] == "30m"


@pytest.mark.parametrize(
    ("method", "path", "body", "pointers"),
    [
        ("POST", "slos", {"key": "a", "fields": {**SLO_FIELDS, "bound_ms": 3}}, {"/fields/bound_ms"}),
        ("POST", "slos", {"key": "a", "fields": {**SLO_FIELDS, "tagret": 0.9}}, {"/fields/tagret"}),
        ("POST", "slos", {"key": "a", "fields": {**SLO_FIELDS, "window": "soon"}}, {"/fields/window"}),
        ("POST", "slos", {"key": "a b", "fields": SLO_FIELDS}, {"/fields/slug"}),
        ("POST", "slos", {"fields": SLO_FIELDS}, {"/key"}),
        ("POST", "slos", {"key": "a", "fields": SLO_FIELDS, "model": "x"}, {"/model"}),
        ("PATCH", "models/v1.0", {"colour": 1, "kind": "odd"}, {"/colour", "/kind"}),
        ("PATCH", "channels/log", {"secret_env": "HOME"}, {"/secret_env"}),
        ("POST", "runbooks", {"key": "a", "fields": {"title": "A", "steps": [{"body": "b"}]}}, {"/fields/steps/0"}),
    ],
)
def test_a_wrong_field_is_pointed_at_and_nothing_is_written(
    call: Any, credit_risk: Model, method: str, path: str, body: Any, pointers: set[str]
) -> None:
    Model.objects.create(project=credit_risk.project, slug="v1.0")
    call("POST", "definitions/slos", {"key": "kept", "fields": SLO_FIELDS})
    Channel.objects.create(project=credit_risk.project, name="log", kind="console")
    answer = call(method, f"definitions/{path}", body)
    assert answer.status_code == 400
    told = answer.json()
    assert {error["pointer"] for error in told["errors"]} == pointers
    assert all(error["detail"].endswith((".", "…", "?")) for error in told["errors"])
    assert SLO.objects.get().target == 0.99


def test_what_something_stands_on_stays(call: Any, credit_risk: Model) -> None:
    call("POST", "definitions/slos", {"key": "answered", "fields": SLO_FIELDS})
    burn = {"name": "Burn", "kind": "burn_rate", "slo": "answered"}
    assert call("POST", "definitions/rules", {"key": "burn", "fields": burn}).status_code == 201
    refused = call("DELETE", "definitions/slos/answered")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert "rules.burn" in refused.json()["detail"]
    assert call("DELETE", "definitions/models/credit-risk").status_code == 409
    assert call("DELETE", "definitions/rules/burn").status_code == 204
    assert call("DELETE", "definitions/slos/answered").status_code == 204
    ModelVersion.objects.all().delete()
    assert call("DELETE", "definitions/models/credit-risk").status_code == 204


def test_a_document_is_applied_whole_or_not_at_all(call: Any, credit_risk: Model) -> None:
    document = {
        "slos": {"answered": SLO_FIELDS},
        "rules": {"burn": {"name": "Burn", "kind": "burn_rate", "slo": "answered"}},
    }
    told = call("PUT", "definitions?dry_run=true", document).json()["changes"]
    assert [(one["path"], one["action"]) for one in told] == [("slos.answered", "created"), ("rules.burn", "created")]
    assert told[0]["after"]["target"] == "0.99"
    assert not SLO.objects.exists()
    misspelt = call("PUT", "definitions?dryrun=true", document)
    assert misspelt.status_code == 400
    assert misspelt.json()["errors"][0]["pointer"] == "/dryrun"
    assert not SLO.objects.exists()
    wrong = call("PUT", "definitions", {**document, "rules": {"burn": {"kind": "burn_rate", "slo": "gone"}}})
    assert "/rules/burn/slo" in {error["pointer"] for error in wrong.json()["errors"]}
    assert not SLO.objects.exists()
    assert {one["action"] for one in call("PUT", "definitions", document).json()["changes"]} == {"created"}
    assert {one["action"] for one in call("PUT", "definitions", document).json()["changes"]} == {"unchanged"}
    whole = call("GET", "definitions").json()["document"]
    assert set(whole) == {"project", "models", "slos", "rules"}
    del whole["project"]
    assert {one["action"] for one in call("PUT", "definitions", whole).json()["changes"]} == {"unchanged"}
    assert call("PUT", "definitions", {"project": "other"}).status_code == 400
    assert call("PUT", "definitions?dry_run=perhaps", {}).status_code == 400
    policy = call("PUT", "definitions", {"incident_policy": {"labels": [], "reopen_within": "0s"}}).json()["changes"]
    assert [(one["path"], one["changed"]) for one in policy] == [("incident_policy", ["labels", "reopen_within"])]
    assert call("GET", "definitions").json()["document"]["incident_policy"]["labels"] == []
    far = call("PUT", "definitions", {"incident_policy": {"reopen_within": "8d"}})
    assert far.json()["errors"][0]["pointer"] == "/incident_policy/reopen_within"
    assert call("PUT", "definitions", {"sloz": {}}).json()["errors"][0]["pointer"] == "/sloz"


def test_a_channel_stays_while_quiet_hours_name_it(call: Any, credit_risk: Model, ana: User) -> None:
    Channel.objects.create(project=credit_risk.project, name="log", kind="console")
    fields = {"channel": "log", "starts": "22:00", "ends": "07:00", "zone": "UTC"}
    made = call("POST", "definitions/quiet_hours", {"key": "nights", "fields": fields})
    assert made.status_code == 201, made.content
    assert made.json()["fields"] == {
        **fields,
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "pages_pass": True,
    }
    refused = call("DELETE", "definitions/channels/log")
    assert (refused.status_code, "quiet_hours.nights" in refused.json()["detail"]) == (409, True)
    moved = call("PATCH", "definitions/quiet_hours/nights", {"channel": None, "person": "ana"})
    assert (moved.json()["fields"]["person"], "channel" in moved.json()["fields"]) == ("ana", False)
    wrong = call("PATCH", "definitions/quiet_hours/nights", {"person": "nobody"})
    assert wrong.json()["errors"][0]["pointer"] == "/person"
    assert call("DELETE", "definitions/channels/log").status_code == 204
    assert call("DELETE", "definitions/quiet_hours/nights").status_code == 204
    assert not QuietHours.objects.exists()


def test_people_define_what_their_group_may(credit_risk: Model, as_bia: Client, as_ana: Client) -> None:
    body = json.dumps({"key": "answered", "fields": SLO_FIELDS})
    for person, status in ((as_bia, 403), (as_ana, 201)):
        answer = person.post("/api/v1/definitions/slos?project=aurora", body, content_type="application/json")
        assert answer.status_code == status, answer.content
    assert as_bia.get("/api/v1/definitions/slos?project=aurora").status_code == 200
    assert as_bia.delete("/api/v1/definitions/slos/answered?project=aurora").status_code == 403
    assert as_bia.get("/api/v1/definitions?project=aurora").status_code == 200


def test_rules_of_other_programs_are_nobodys_definition(call: Any, credit_risk: Model) -> None:
    receive(credit_risk.project, [Incoming({"alertname": "Down"}, {}, NOON, NOON + timedelta(hours=1))], now=NOON)
    rule = AlertRule.objects.get()
    assert call("GET", "definitions/rules").json()["items"] == []
    assert call("GET", f"definitions/rules/{rule.slug}").status_code == 404


def test_a_secret_is_written_and_never_read(call: Any, project: Project) -> None:
    channel = Channel.objects.create(project=project, name="hook", kind="webhook", target="https://hook.example/x")
    secret = "whsec_" + "QUJD" * 8
    answer = call("PUT", f"channels/{channel.pk}/secret", {"secret": secret})
    assert answer.json()["has_secret"] is True
    assert secret not in answer.content.decode()
    channel.refresh_from_db()
    assert unseal(channel.secret) == secret
    wrong = call("PUT", f"channels/{channel.pk}/secret", {"secret": "short"})
    assert wrong.json()["errors"][0]["pointer"] == "/secret"


def test_a_scrape_target_is_defined_and_its_token_is_written_and_never_read(call: Any, credit_risk: Model) -> None:
    fields = {"model": "credit-risk", "url": "https://models.example/metrics", "interval": "30s", "names": ["vllm:*"]}
    made = call("POST", "definitions/scrape_targets", {"key": "server", "fields": fields})
    assert made.status_code == 201, made.content
    assert made.json()["fields"]["names"] == ["vllm:*"]
    assert call("PUT", "scrape-targets/gone/secret", {"secret": "x"}).status_code == 404
    wrong = call("PUT", "scrape-targets/server/secret", {"secret": "two words"})
    assert wrong.json()["errors"][0]["pointer"] == "/secret"
    told = call("PUT", "scrape-targets/server/secret", {"secret": "sesame-street"})
    assert (told.json()["has_secret"], b"sesame" in told.content) == (True, False)
    assert unseal(ScrapeTarget.objects.get().secret) == "sesame-street"
    [item] = call("GET", "scrape-targets").json()["items"]
    assert (item["slug"], item["interval_s"], item["up"], item["last_error"]) == ("server", 30, None, "")
    for change, pointer in (
        ({"secret_env": "HOME"}, "/secret_env"),
        ({"url": "ftp://x/metrics"}, "/url"),
        ({"interval": "1s"}, "/interval"),
        ({"names": ["a", ""]}, "/names"),
    ):
        refused = call("PATCH", "definitions/scrape_targets/server", change)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, pointer)


def test_dead_letters_are_paged_and_put_back(call: Any, project: Project, other_project: Project, now: Any) -> None:
    for place in range(3):
        item = json.dumps({"id": str(place)}).encode()
        DeadLetter.objects.create(project=project, kind="log", item=item, error="bad", at=now)
    foreign = DeadLetter.objects.create(project=other_project, kind="log", item=b"{}", error="bad", at=now)
    page = call("GET", "dead-letters?limit=2").json()
    rest = call("GET", f"dead-letters?limit=2&cursor={page['next']}").json()
    assert [one["item"] for one in page["items"] + rest["items"]] == ['{"id": "2"}', '{"id": "1"}', '{"id": "0"}']
    assert call("GET", "dead-letters?kind=prediction").json()["items"] == []
    assert call("GET", "dead-letters?kind=odd").status_code == 400
    some = call("POST", "dead-letters/replay", {"ids": [page["items"][0]["id"], foreign.pk]})
    assert some.json() == {"back": 1, "left": 2}
    assert call("POST", "dead-letters/replay", {}).status_code == 400
    assert call("POST", "dead-letters/replay", {"all": True}).json() == {"back": 2, "left": 0}
    assert InboxBody.objects.filter(replayed=True).count() == 3


def test_a_channel_may_be_somebodys_own(call: Any, project: Project) -> None:
    make_person("rui")
    made = call("POST", "definitions/channels", {"key": "rui", "fields": {"kind": "console", "owner": "rui"}})
    assert (made.status_code, made.json()["fields"]["owner"]) == (201, "rui")
    refused = call("PATCH", "definitions/channels/rui", {"owner": "nobody"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/owner")
    assert "owner" not in call("PATCH", "definitions/channels/rui", {"owner": None}).json()["fields"]
