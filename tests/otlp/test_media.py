"""Media that an SDK of Langfuse wants to lay down is declined without an error, and the call says that it is not here."""

import json

import pytest

from lib import clock
from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall
from monitoring.selectors.wire import payload_of
from panel.pages.conversation import messages_of
from tests.captures.replay import posts, readings
from tests.otlp.test_recordings import send

PATH = "/api/public/media"
TOLD = {
    "traceId": "0af7651916cd43dd8448eb211c80319c",
    "contentType": "image/png",
    "contentLength": 70,
    "field": "input",
}
HASH = "whU/d+EQh/yweK44Un+oO+8peR43AOMMyH/sRAWmbQ8="


def test_the_sdk_hears_the_id_that_it_gave_and_no_address_to_send_to(export):
    (post,) = {one.body: one for one in posts("langfuse-async") if one.path == PATH}.values()
    answer = send(export, post)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    media_id = answer.json()["mediaId"]
    assert answer.json() == {"mediaId": media_id, "uploadUrl": None, "stored": False}
    assert f"|id={media_id}|" in str([one.call["prompt"] for one in readings("langfuse-async") if "prompt" in one.call])


@pytest.mark.parametrize(
    "body",
    [
        "[",
        "null",
        "7",
        '"sha256Hash"',
        "[]",
        "{}",
        json.dumps(TOLD),
        *(
            json.dumps(TOLD | {"sha256Hash": value})
            for value in (None, 7, [], "", "ü", "\x00", "abc", HASH[:-4], HASH + HASH)
        ),
    ],
)
def test_what_names_no_media_is_answered_with_what_to_send(export, body):
    answer = export(body.encode(), path=PATH, content_type="application/json")
    assert answer.status_code == 400
    assert "sha256Hash" in answer.json()["message"]


def test_media_is_declined_in_json_and_for_a_live_key_alone(export):
    body = json.dumps(TOLD | {"sha256Hash": HASH}).encode()
    assert export(body, path=PATH, content_type="application/json").status_code == 200
    assert export(body, path=PATH).status_code == 415
    assert export(body, path=PATH, content_type="application/json", auth="").status_code == 401


@pytest.mark.parametrize(
    ("client", "case", "kind"),
    [
        ("langfuse", "chat_picture", "image/png"),
        ("langfuse-async", "resp_picture", "image/png"),
        ("mlflow-async", "resp_picture", "image/png"),
        ("mlflow-anthropic-async", "claude_picture", "image/png"),
    ],
)
def test_a_call_whose_picture_is_elsewhere_says_so(client, case, kind, export):
    for post in posts(client):
        if post.path.endswith("/traces"):
            send(export, post)
    drain_until_empty(now=clock.now())
    told = [payload_of(call) for call in LLMCall.objects.all()]
    (flagged,) = [call for call in told if "media_not_stored" in call["extra"]["otel"].get("flags", ())]
    assert case in json.dumps(flagged["prompt"])
    (message,) = messages_of(flagged["prompt"], "user")
    assert message.text.endswith(f"\n[{kind}: not stored; its client keeps it elsewhere]")
