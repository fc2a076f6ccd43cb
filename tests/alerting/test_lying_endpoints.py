"""Receivers that lie: whoever presses the test button learns in the form, and a program in the answer, what is wrong, and no secret leaks."""

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from alerting.channels import post as posting
from alerting.models import Channel
from alerting.notify.test import send_test
from lib.http import Policy
from models_registry.keys import create_key
from tests.alerting.notify_cast import make_channel
from tests.receiver import certificate_for, receiver, reply

pytestmark = pytest.mark.django_db
HUGE = 50_000_000


def redirects(handler: BaseHTTPRequestHandler) -> None:
    reply(handler, 302, Location="http://169.254.169.254/latest/meta-data/")


def floods(handler: BaseHTTPRequestHandler) -> None:
    """Promises 50 MB and sends without end; nobody reads it."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(HUGE))
    handler.end_headers()
    try:
        for _ in range(HUGE // 65_536):
            handler.wfile.write(b"x" * 65_536)
    except OSError:
        return


def babbles(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


@pytest.fixture
def token(project, stopped_clock) -> str:
    return create_key(project=project, name="ops", scopes=["admin"])[1]


def pressed(client: Client, channel: Channel, token: str) -> dict:
    url = f"/api/v1/channels/{channel.pk}/test"
    answer = client.post(url, HTTP_AUTHORIZATION=f"Bearer {token}")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize(
    ("answer", "state", "says"),
    [
        (redirects, "dead", "The receiver redirects (HTTP 302), which is not followed. Write its new URL."),
        (floods, "sent", ""),
        (babbles, "dead", "The connection to the receiver failed (BadStatusLine)."),
        (lambda handler: reply(handler, 401, b"hunter2"), "dead", "The receiver answered HTTP 401."),
    ],
)
def test_what_a_receiver_says_reaches_who_pressed_the_button(
    project, client: Client, token, settings, answer: Callable[[BaseHTTPRequestHandler], None], state, says
):
    settings.OUTGOING_ALLOW_PRIVATE = True
    with receiver() as hook:
        hook.answer = answer
        row = pressed(client, make_channel(project, "webhook", target=hook.url("/s3cret-path")), token)
    assert (row["state"], row["last_error"]) == (state, says)


def test_one_that_never_answers_is_let_go(project, client: Client, token, settings, monkeypatch):
    settings.OUTGOING_ALLOW_PRIVATE = True
    monkeypatch.setattr(posting, "Policy", lambda **rules: Policy(**{**rules, "total_seconds": 0.2}))
    released = threading.Event()
    with receiver() as hook:
        hook.answer = lambda handler: released.wait(10)
        row = pressed(client, make_channel(project, "webhook", target=hook.url()), token)
        released.set()
    assert (row["state"], row["last_error"]) == ("dead", "The receiver did not answer within 0.2 seconds.")


def test_a_certificate_of_somebody_else_is_named(project, client: Client, token, settings, tmp_path):
    settings.OUTGOING_ALLOW_PRIVATE = True
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate_for("somebody.example", tmp_path))
    with receiver(tls) as hook:
        channel = make_channel(project, "webhook", target=hook.url(host="localhost", scheme="https"))
        row = pressed(client, channel, token)
        assert hook.received == []
    assert row["state"] == "dead"
    assert row["last_error"].startswith("The receiver's certificate is not valid:")


@pytest.mark.parametrize(
    "url",
    ["https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/", "https://100.64.0.1/", "https://panel.internal/"],
)
def test_a_private_address_is_refused_with_the_mend(project, client: Client, token, url):
    row = pressed(client, make_channel(project, "webhook", target=url), token)
    assert row["state"] == "dead"
    assert "ATALAIA_OUTGOING_ALLOW_PRIVATE" in row["last_error"]


def test_the_form_says_it_too_in_the_language_of_the_installation(project, as_ana: Client, ana, now, settings):
    settings.OUTGOING_ALLOW_PRIVATE = True
    with receiver() as hook:
        hook.answer = redirects
        channel = make_channel(project, "webhook", target=hook.url())
        form = {"project": project.pk, "name": "webhook", "kind": "webhook", "target": hook.url(), "enabled": "on"}
        form |= {"minimum_severity": "ticket", "_send_test": "1"}
        page = as_ana.post(reverse("admin:alerting_channel_change", args=[channel.pk]), form, follow=True)
        assert "The test message was not sent: The receiver redirects (HTTP 302)" in page.content.decode()
        settings.LANGUAGE_CODE = "pt-br"
        with override("pt-br"):
            assert "redireciona" in send_test(channel, by=ana, now=now).last_error
