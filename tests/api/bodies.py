"""Every address that takes a body, how it is sent, and one that it accepts."""

from datetime import timedelta
from typing import Any

from tests.cast import NOW
from tests.monitoring.references import applicants

EARLIER = (NOW - timedelta(minutes=10)).isoformat()
LATER = (NOW + timedelta(hours=1)).isoformat()
RUN = {
    "id": "nightly", "event": "finish", "model": "credit-risk", "version": "2", "environment": "production", "ts": NOW.isoformat(),
    "heartbeat_s": 60, "rows_expected": 10, "rows": 9, "rows_failed": 1, "status": "error", "error": "Out of memory.",
}  # fmt: skip
MARK = {
    "model": "credit-risk", "version": "1", "kind": "prompt_change", "environment": "production", "at": NOW.isoformat(),
    "note": "Canary went well.", "prompt": "answer", "prompt_version": "1",
}  # fmt: skip
# Every address that takes a POST, and a body that it accepts; None: it takes none.
WRITES: dict[str, Any] = {
    "/api/v1/prompts": {"name": "greet", "model": "support-assistant", "description": "Says hello.", "owner": "ana"},
    "/api/v1/prompts/{name}/versions": {
        "version": "p2",
        "template": [{"role": "system", "content": "Be kind.", "name": "house"}],
        "parameters": {"temperature": 0.2, "stop": ["\n"], "seed": 7},
        "note": "Kinder.",
        "author": "ana",
    },
    "/api/v1/batch-runs": RUN,
    "/api/v1/feedback-links": {"target_id": "call-1", "user_id": "u1", "kinds": ["thumb"], "expires_in": 3_600},
    "/api/v1/models/{slug}/versions": {"version": "8.0", "notes": "Trained anew.", "reviewed": True},
    "/api/v1/models/{slug}/versions/{version}": {"notes": "The first.", "reviewed": False},
    "/api/v1/deployments": MARK,
    "/api/v1/deployments/{number}": {"version": "1", "kind": "deploy", "prompt": None, "note": ""},
    "/api/v1/models/{slug}/versions/{version}/reference": {
        "rows": [{**row, "score": 0.25, "prediction": "paid", "label": "paid"} for row in applicants(5)],
        "categorical": ["region"],
        "keep_rows": True,
    },
    "/api/v1/models/{slug}/versions/{version}/estimator": {"from": NOW.isoformat(), "to": LATER},
    "/api/v1/evaluators/rejudge": {"from": NOW.isoformat(), "to": LATER},
    "/api/v1/prices/reprice": {"from": NOW.isoformat(), "to": LATER, "dry_run": True},
    "/api/v1/projects/{slug}": {"name": "Dawn", "redact": True, "redact_extra": {"id": "[0-9]{6}"}},
    "/api/v1/keys": {"name": "service", "scopes": ["ingest"], "expires_at": "2090-01-01T00:00:00Z"},
    "/api/v1/keys/{prefix}": {"name": "another", "expires_at": "2090-01-01T00:00:00Z"},
    "/api/v1/keys/{prefix}/rotate": {"overlap_s": 60, "expires_at": "2090-01-01T00:00:00Z"},
    "/api/v1/keys/{prefix}/revoke": None,
    "/api/v1/dead-letters/replay": {"ids": [1], "all": False},
    "/api/v1/channels/{number}/secret": {"secret": "https://hook.example/x"},
    "/api/v1/scrape-targets/{slug}/secret": {"secret": "sesame-street"},
    "/api/v1/definitions": {"slos": {"a": {"name": "A", "model": "credit-risk", "sli": "availability", "target": 0.9}}},
    "/api/v1/definitions/{section}": {
        "key": "new",
        "fields": {
            "name": "New",
            "kind": "threshold",
            "model": "credit-risk",
            "measure": "error_rate",
            "threshold": 0.1,
            "labels": {},
        },
    },
    "/api/v1/definitions/{section}/{key}": {"name": "Alive", "window": "5m", "labels": {"team": "a"}},
    "/api/v1/jobs/{number}/cancel": None,
    "/api/v1/incidents/{number}/acknowledge": None,
    "/api/v1/incidents/{number}/resolve": None,
    "/api/v1/incidents/{number}/comment": {"text": "Looking."},
    "/api/v1/incidents/{number}/silence": {"hours": 2, "comment": "Known."},
    "/api/v1/incidents/{number}/assign": {"assignee": "rui", "revision": 0},
    "/api/v1/incidents/{number}/close": {"without_review": "Nothing to learn."},
    "/api/v1/incidents/{number}/merge": {"into": 8, "revision": 0},
    "/api/v1/incidents/{number}/mitigate": {"text": "Rolled back."},
    "/api/v1/incidents/{number}/reopen": {"text": "It came back.", "revision": 0},
    "/api/v1/incidents/{number}/severity": {"severity": "page", "text": "Worse than it looked.", "revision": 0},
    "/api/v1/incidents/{number}/snooze": {"until": LATER, "text": "After lunch.", "revision": 0},
    "/api/v1/incidents/{number}/wake": None,
    "/api/v1/silences": {
        "matchers": ['model="credit-risk"'],
        "starts_at": NOW.isoformat(),
        "ends_at": LATER,
        "comment": "Known.",
    },
    "/api/v1/evaluators/preview": {"evaluator": {"kind": "pattern", "settings": {"must_match": "yes"}, "share": 0.5}},
    "/api/v1/silences/preview": {"matchers": ['model="credit-risk"']},
    "/api/v1/silences/{uid}": {"ends_at": LATER},
    "/api/v1/rules/backtest": {
        "rule": {"kind": "threshold", "model": "credit-risk", "measure": "error_rate", "threshold": 0.05},
        "variant": {"threshold": 0.1},
        "from": EARLIER,
        "to": NOW.isoformat(),
    },
    "/api/v1/rules/preview": {
        "rule": {"kind": "threshold", "model": "credit-risk", "measure": "error_rate", "threshold": 0.05},
    },
    "/api/v1/slos/preview": {"slo": {"model": "credit-risk", "sli": "availability", "target": 0.999}},
    "/api/v1/slo-corrections": {
        "model": "credit-risk",
        "starts_at": EARLIER,
        "ends_at": (NOW + timedelta(days=30)).isoformat(),
        "days": [0, 6],
        "start": "22:00",
        "end": "07:00",
        "time_zone": "America/Sao_Paulo",
        "effect": "good",
        "reason": "Moved the database.",
        "slug": "moved",
    },
    "/api/v1/slo-corrections/{slug}/end": None,
    "/api/v1/slo-corrections/{slug}/withdraw": None,
    "/api/v1/quiet-hours": {
        "person": "rui",
        "starts": "22:00",
        "ends": "07:00",
        "days": [0, 6],
        "zone": "America/Sao_Paulo",
        "pages_pass": True,
    },
    "/api/v1/maintenance-windows": {
        "name": "training",
        "owner": "retention",
        "matchers": ['model="churn"'],
        "days": [0],
        "start": "02:00",
        "end": "04:30",
        "time_zone": "UTC",
        "enabled": True,
    },
    "/api/v1/maintenance-windows/{number}": {"days": [1], "time_zone": "Europe/Berlin"},
    "/api/v1/inhibitions": {
        "name": "down",
        "source": ["rule=down"],
        "target": ["rule=slow"],
        "equal": ["model"],
        "enabled": True,
    },
    "/api/v1/inhibitions/{number}": {"target": ["rule=late"], "equal": []},
    "/api/v1/quiet-hours/{number}": {"days": [1], "zone": "Europe/Berlin"},
    "/api/v1/routes": {
        "name": "credit",
        "parent": "all",
        "position": 1,
        "matchers": ['model="credit-risk"'],
        "keep_going": False,
        "channels": ["log"],
        "group_wait_s": 30,
        "steps": [{"after_s": 600, "channels": ["log"]}],
    },
    "/api/v1/routes/{number}": {"repeat_interval_s": 3_600},
    "/api/v1/rules/{slug}/heartbeat": None,
    "/api/v1/routes/preview": {"labels": {"severity": "page"}},
    "/api/v1/channels/{number}/test": None,
    "/api/v1/channels/{number}/requeue": None,
    "/api/v1/notifications/{uid}/requeue": None,
    "/api/v1/incident-policy": {"labels": ["model", "environment"], "reopen_within_s": 600, "hold_flapping": False},
    "/api/v1/exports": {
        "dataset": "predictions",
        "format": "jsonl",
        "filters": {"model": "credit-risk"},
        "fields": ["id"],
    },
    "/api/v1/incidents/{number}/runs": {"runbook": "credit-risk"},
    "/api/v1/incidents/{number}/steps/{step}/done": {"note": "p99 is 4 s."},
    "/api/v1/incidents/{number}/steps/{step}/reopen": None,
    "/api/v1/reviews": {"incident": 9},
    "/api/v1/reviews/{number}": {"body": "We learned.", "revision": 0},
    "/api/v1/reviews/{number}/publish": {"revision": 0},
    "/api/v1/reviews/{number}/actions": {"title": "Alert sooner", "owner": "ana", "due": "2026-04-01"},
    "/api/v1/reviews/{number}/alerts/{alert}/verdict": {"verdict": "noise"},
    "/api/v1/action-items/{number}": {"title": "Alert sooner", "owner": "rui", "due": "2026-05-01"},
    "/api/v1/action-items/{number}/done": None,
}
# The same of addresses that no key may use, for people alone.
BY_PEOPLE: dict[str, Any] = {
    "/api/v1/projects": {"slug": "dawn", "name": "Dawn", "redact": True, "redact_extra": {"id": "[0-9]{6}"}},
    "/api/v1/accounts": {
        "username": "ana.lima", "email": "ana@aurora.example", "first_name": "Ana", "last_name": "Lima", "is_active": True,
        "is_staff": False, "is_superuser": False, "groups": ["viewer"], "permissions": ["alerting.add_silence"],
        "password": "mango-tram-9-lantern",
    },
    "/api/v1/accounts/{username}": {"first_name": "Rui", "groups": ["responder"], "permissions": [], "is_active": False},
    "/api/v1/accounts/{username}/password": {"password": "mango-tram-9-lantern"},
    "/api/v1/groups": {"name": "night shift", "permissions": ["alerting.add_silence"]},
    "/api/v1/groups/{name}": {"name": "day shift", "permissions": []},
}  # fmt: skip
OF_PEOPLE = ("/api/v1/accounts", "/api/v1/groups", "/api/v1/history", "/api/v1/permissions")
# Other bodies of the same addresses, to be tried in the same way.
ALSO: list[tuple[str, Any]] = [
    ("/api/v1/prompts/{name}/versions", {"version": "p2", "template": "Be kind.", "parameters": None}),
    (
        "/api/v1/models/{slug}/versions/{version}/reference",
        {
            "histograms": {
                "income": {"edges": [10.0, 20.0], "counts": [5, 3, 2], "nulls": 1, "low": 0, "high": 50},
                "region": {"categories": {"north": 7, "south": 3}, "other": 1},
            }
        },
    ),
    ("/api/v1/models/{slug}/versions/{version}/estimator", {"reference": True}),
]
PATCHED = (
    *("/api/v1/maintenance-windows/{number}", "/api/v1/inhibitions/{number}"),
    *("/api/v1/silences/{uid}", "/api/v1/quiet-hours/{number}", "/api/v1/routes/{number}", "/api/v1/projects/{slug}"),
    *("/api/v1/incident-policy", "/api/v1/models/{slug}/versions/{version}"),
    *("/api/v1/deployments/{number}", "/api/v1/keys/{prefix}", "/api/v1/accounts/{username}", "/api/v1/groups/{name}"),
    *("/api/v1/definitions/{section}/{key}", "/api/v1/reviews/{number}", "/api/v1/action-items/{number}"),
)
PUT = (
    *("/api/v1/definitions", "/api/v1/channels/{number}/secret", "/api/v1/scrape-targets/{slug}/secret"),
    *("/api/v1/reviews/{number}/alerts/{alert}/verdict", "/api/v1/accounts/{username}/password"),
)
METHODS = {**dict.fromkeys(PUT, "PUT"), **dict.fromkeys(PATCHED, "PATCH")}
