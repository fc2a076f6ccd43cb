"""Everything that a person can do in the panel can be done by API: what has no address has a reason here."""

import inspect
from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import URLPattern
from drf_spectacular.generators import SchemaGenerator

from config.api.definitions import SECTIONS
from models_registry.models import User
from panel.urls import urlpatterns


def defined(section: str, **more: str) -> dict[str, str]:
    """What a document of definitions holds."""
    one = f"definitions/{{section}}/{{key}} {section}"
    return {
        "add": f"POST definitions/{{section}} {section}",
        "change": f"PATCH {one}",
        "delete": f"DELETE {one}",
    } | more


def listed(path: str, one: str = "{number}", **more: str) -> dict[str, str]:
    """What has a list, and an address for each."""
    return {"add": f"POST {path}", "change": f"PATCH {path}/{one}", "delete": f"DELETE {path}/{one}"} | more


# By table what its form and its actions do, and the address that does it, or why none does (after "—").
ADMIN: dict[str, dict[str, str]] = {
    "alerting.Alert": {},
    "alerting.AlertRule": defined("rules"),
    "alerting.Channel": defined("channels"),
    "alerting.Incident": {},
    "alerting.IncidentPolicy": {
        "add": "PATCH incident-policy",
        "change": "PATCH incident-policy",
        "delete": "— a project without one has the usual one; PATCH of the usual values says the same",
    },
    "alerting.Inhibition": listed("inhibitions"),
    "alerting.Maintenance": listed("maintenance-windows"),
    "alerting.Notification": {"queue_again": "POST notifications/{uid}/requeue"},
    "alerting.QuietHours": listed("quiet-hours"),
    "alerting.Route": listed("routes"),
    "alerting.Silence": {
        "add": "POST silences",
        "change": "POST /api/v2/silences",  # with its id, all of it; PATCH of v1 moves the end
        "delete": "— what it hid is told with it: DELETE silences/{uid} ends it, and it stays on record",
    },
    "auth.Group": listed("groups", "{name}"),
    "models_registry.ApiKey": listed("keys", "{prefix}", revoke="POST keys/{prefix}/revoke"),
    "models_registry.Deployment": listed("deployments"),
    "models_registry.Model": defined("models", delete="DELETE models/{slug}")
    | {"mark_reviewed": "PATCH definitions/{section}/{key} models"},
    "models_registry.ModelVersion": listed("models/{slug}/versions", "{version}"),
    "models_registry.Project": listed("projects", "{slug}"),
    "models_registry.Prompt": {"add": "POST prompts", "change": "POST prompts", "delete": "DELETE prompts/{name}"},
    "models_registry.PromptVersion": {
        "add": "POST prompts/{name}/versions",
        "change": "POST prompts/{name}/versions",
        "delete": "DELETE prompts/{name}/versions/{version}",
    },
    "models_registry.User": listed("accounts", "{username}"),
    "monitoring.AppliedPrice": {},
    "monitoring.BatchRun": {},
    "monitoring.Correction": {
        "add": "POST slo-corrections",
        "change": "— the list has a form for its actions alone; what was written does not change",
        "end": "POST slo-corrections/{slug}/end",
        "withdraw": "POST slo-corrections/{slug}/withdraw",
    },
    "monitoring.DeadLetter": {"replay_selected": "POST dead-letters/replay"},
    "monitoring.Estimator": {"fit_again": "POST models/{slug}/versions/{version}/estimator"},
    "monitoring.Evaluator": defined("evaluators") | {"judge_again": "POST evaluators/rejudge"},
    "monitoring.OwnPrice": defined("prices")
    | {"show_difference": "POST prices/reprice", "price_again": "POST prices/reprice"},
    "monitoring.Policy": defined("policies"),
    "monitoring.PolicyEvent": {},
    "monitoring.SLO": defined("slos"),
    "monitoring.ScrapeTarget": defined("scrape_targets"),
    "monitoring.SegmentKey": {
        "add": "PATCH definitions/{section}/{key} models",  # `segments`
        "change": "— the list has a form for its action alone; a key does not change",
        "withdraw": "PATCH definitions/{section}/{key} models",
    },
    "monitoring.StageRun": {},
    "runbooks.ActionItem": listed("action-items") | {"add": "POST reviews/{number}/actions"},
    "runbooks.Review": {},
    "runbooks.Runbook": defined("runbooks") | {"verified_today": "PATCH definitions/{section}/{key} runbooks"},
}
# By name of the page that takes a form.
PANEL: dict[str, str] = {
    "login": "— a session is begun by who has the password; programs have keys",
    "logout": "— a session ends where it is",
    "theme": "— how the page looks to one browser",
    "acknowledge": "POST incidents/{number}/acknowledge",
    "feedback": "POST feedback",
    "first_event": "POST keys",
    "correction_create": "POST slo-corrections",
    "correction_end": "POST slo-corrections/{slug}/end",
    "correction_withdraw": "POST slo-corrections/{slug}/withdraw",
    **{
        f"incident_{move}": f"POST incidents/{{number}}/{move}"
        for move in (
            *("acknowledge", "resolve", "mitigate", "close", "reopen", "assign", "snooze", "wake", "severity", "merge"),
            *("silence", "comment"),
        )
    },
    "incident_exclude": "POST slo-corrections",
    "incident_runbook_start": "POST incidents/{number}/runs",
    "incident_step": "POST incidents/{number}/steps/{step}/done",
    "silence_create": "POST silences",
    "silence_expire": "DELETE silences/{uid}",
    "silence_extend": "PATCH silences/{uid}",
    "notification_again": "POST notifications/{uid}/requeue",
    "review_save": "PATCH reviews/{number}",
    "review_publish": "POST reviews/{number}/publish",
    "review_action_add": "POST reviews/{number}/actions",
    "review_action_done": "POST action-items/{number}/done",
    "review_verdict": "PUT reviews/{number}/alerts/{alert}/verdict",
    "export_create": "POST exports",
    "export_end": "POST jobs/{number}/cancel",
    "collection_replay": "POST dead-letters/replay",
    "job_cancel": "POST jobs/{number}/cancel",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    paths: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return paths


def missing(document: dict[str, Any], address: str) -> bool:
    """Whether there is no such address; a reason for none is enough."""
    if address.startswith("— "):
        return len(address) < 20
    method, path, *section = address.split()
    path = path if path.startswith("/") else f"/api/v1/{path}"
    return method.lower() not in document.get(path, {}) or not set(section) <= SECTIONS.keys()


def deeds(form: Any) -> set[str]:
    """What a superuser does there: nobody may do more."""
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_staff=True)
    may = {name for name in ("add", "change", "delete") if getattr(form, f"has_{name}_permission")(request)}
    return may | {getattr(action, "__name__", str(action)) for action in form.actions}


def test_every_form_and_action_of_the_admin_has_an_address_or_a_reason(document: dict[str, Any]) -> None:
    done = {table._meta.label: deeds(form) for table, form in admin.site._registry.items()}
    assert done == {label: set(addresses) for label, addresses in ADMIN.items()}
    assert not [(label, one) for label, told in ADMIN.items() for one in told.values() if missing(document, one)]


def takes_forms(pattern: URLPattern) -> bool:
    """Whether it tells a POST from a GET, as a decorator or the code of it says."""
    of_class = getattr(pattern.callback, "view_class", None)
    if of_class is not None:
        return hasattr(of_class, "post")
    return "POST" in inspect.getsource(inspect.unwrap(pattern.callback))


def test_every_form_of_the_panel_has_an_address_or_a_reason(document: dict[str, Any]) -> None:
    assert {pattern.name for pattern in urlpatterns if pattern.name and takes_forms(pattern)} == PANEL.keys()
    assert not [(name, one) for name, one in PANEL.items() if missing(document, one)]


def test_an_address_that_is_not_there_would_be_noticed(document: dict[str, Any]) -> None:
    for wrong in ("POST nowhere", "DELETE measures", "POST definitions/{section} nothing", "— because"):
        assert missing(document, wrong)
