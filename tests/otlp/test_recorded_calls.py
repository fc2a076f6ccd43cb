"""What real clients sent, posted at the endpoint in any order and repeated, as `GET /api/v1/llm-calls` then shows it."""

import random

import pytest
from django.test import Client

from lib import clock
from monitoring.drain import drain_until_empty
from tests.captures.never import NEVER
from tests.captures.replay import case_of, posts, recorded, wrong
from tests.captures.test_captures import made_by
from tests.otlp.test_recordings import SIGNALS, send


def shown(token: str) -> list[dict]:
    """Every call that the panel shows."""
    found, cursor = [], ""
    while cursor is not None:
        asked = {"from": "2020-01-01T00:00:00Z", "limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = Client().get("/api/v1/llm-calls", asked, headers={"Authorization": f"Bearer {token}"}).json()
        found += [{name: value for name, value in call.items() if value is not None} for call in page["items"]]
        cursor = page["next"]
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("client", recorded())
def test_every_call_is_shown_once_and_right(client, seed, export, token):
    told = [post for post in posts(client) if post.path.endswith(SIGNALS)] * 2
    random.Random(seed).shuffle(told)
    for post in told:
        assert send(export, post).status_code == 200
        if seed:
            drain_until_empty(now=clock.now())
    drain_until_empty(now=clock.now())
    # an empty text (of a call that answers by tools alone) is as good as none, and is not kept
    calls = [(case_of(call, client), {"response": "", **call}) for call in shown(token)]
    assert sorted(case.name for case, _ in calls if case) == sorted(made_by(client) - set(NEVER[client]))
    assert all(case is not None for case, _ in calls)
    differ = {
        f"{case.name}.{field}": both
        for case, call in calls
        if case
        for field, both in wrong(case, call, client).items()
    }
    never = set(NEVER[client])
    assert {name: both for name, both in differ.items() if not {name, name.partition(".")[2]} & never} == {}
