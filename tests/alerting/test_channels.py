"""The three channels, each against the real thing it talks to."""

import base64
import socketserver
import threading

import pytest
import structlog
from django.core import mail

from alerting.channels import channel_kind
from alerting.channels.base import ChannelError
from alerting.channels.webhook import sign
from alerting.models import Channel, Notification
from alerting.notify.enqueue import enqueue
from alerting.notify.send import send
from alerting.notify.test import send_test
from lib.vault import seal
from tests.alerting.notify_cast import SECRET, HandClock, make_channel, make_incident, stored_by_form, verified
from tests.receiver import receiver, reply


@pytest.fixture
def incident(credit_risk, now, settings):
    settings.PUBLIC_URL = "https://panel.example"
    settings.INCIDENT_LINKS = ["tests.alerting.test_notify_outbox.working_links"]
    return make_incident(credit_risk, now)


def test_every_kind_a_channel_can_have_has_its_class():
    for kind in Channel.Kind.values:
        assert channel_kind(kind).check


def test_the_published_vector_of_the_signature_scheme():
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        uid="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        content=b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_carries_a_signature_anybody_can_check(incident, hook, now):
    make_channel(incident.project, "webhook", target=hook.url())
    [row] = enqueue(incident, reason="opened", now=now)
    clock = HandClock()
    assert send(now=now, clock=clock).written == 1
    [got] = hook.received
    payload = verified(got)
    assert got.headers["webhook-id"] == str(row.uid)
    assert got.headers["webhook-timestamp"] == str(int(clock.at.timestamp()))
    assert got.headers["content-type"] == "application/json"
    assert payload["type"] == "incident.opened"
    assert payload["data"]["key"] == "INC-7"
    assert payload["data"]["alerts"][0]["saw"] == "accuracy 71.0% over 5\u00a0min"
    assert payload["data"]["links"] == [{"label": "Incident", "url": "https://panel.example/incidents/7/"}]


def test_an_e_mail_says_what_since_when_how_bad_and_where_to_look(incident, now):
    make_channel(incident.project, "email", target="ana@aurora.example, bia@aurora.example")
    [row] = enqueue(incident, reason="opened", now=now)
    send(now=now, clock=HandClock())
    [message] = mail.outbox
    assert message.subject == "INC-7 opened (page): Accuracy of Credit risk is falling"
    assert message.to == ["ana@aurora.example", "bia@aurora.example"]
    assert message.extra_headers["Message-ID"] == f"<{row.uid}@atalaia>"
    for part in (
        "Since: 2026-03-10 11:40 (America/Sao_Paulo)",
        "How bad: page",
        "- Accuracy · accuracy 71.0% over 5\u00a0min",
        "Incident: https://panel.example/incidents/7/",
    ):
        assert part in message.body


def test_a_title_cannot_smuggle_a_header_into_an_e_mail(incident, now):
    make_channel(incident.project, "email", target="ana@aurora.example")
    incident.title = "Falling\r\nBcc: eve@evil.example"
    enqueue(incident, reason="opened", now=now)
    send(now=now, clock=HandClock())
    assert mail.outbox[0].subject == "INC-7 opened (page): Falling Bcc: eve@evil.example"
    assert "\r" not in mail.outbox[0].message()["Subject"]


def test_a_mail_server_that_does_not_answer_is_tried_again(incident, now, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with receiver() as gone:
        settings.EMAIL_PORT = gone.port
    settings.EMAIL_HOST = "127.0.0.1"
    make_channel(incident.project, "email", target="ana@aurora.example")
    enqueue(incident, reason="opened", now=now)
    send(now=now, clock=HandClock())
    row = Notification.objects.get()
    assert row.state == "queued"
    assert "ConnectionRefusedError" in row.last_error


class _MailServer(socketserver.StreamRequestHandler):
    """Just enough SMTP; `verdict` is what it says of every recipient."""

    verdict = b"250 ok"

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        for line in self.rfile:
            command = line[:4].upper()
            if command == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline().strip() != b".":
                    pass
            self.wfile.write((self.verdict if command == b"RCPT" else b"250 ok") + b"\r\n")
            if command == b"QUIT":
                return


@pytest.mark.parametrize(
    ("verdict", "state"), [(b"250 ok", "sent"), (b"450 try later", "queued"), (b"550 no such user", "dead")]
)
def test_what_the_mail_server_says_of_the_recipients_decides(incident, now, settings, verdict, state):
    handler = type("Handler", (_MailServer,), {"verdict": verdict})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        make_channel(incident.project, "email", target="ana@aurora.example")
        enqueue(incident, reason="opened", now=now)
        send(now=now, clock=HandClock())
        server.shutdown()
    assert Notification.objects.get().state == state


def test_the_console_writes_one_structured_line(incident, now):
    make_channel(incident.project)
    [row] = enqueue(incident, reason="opened", now=now)
    with structlog.testing.capture_logs() as lines:
        send(now=now, clock=HandClock())
    [line] = [line for line in lines if line["event"] == "alerting.notify.message"]
    assert (line["log_level"], line["id"]) == ("warning", str(row.uid))
    assert line["subject"].startswith("INC-7 opened")


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (204, None),
        (299, None),
        (302, True),
        (400, True),
        (404, True),
        (410, True),
        (429, False),
        (500, False),
        (503, False),
    ],
)
def test_what_a_webhook_answers_decides_whether_it_is_tried_again(incident, hook, now, status, permanent):
    hook.answer = lambda handler: reply(handler, status, b"secret words of the receiver", Location="http://127.0.0.1/")
    make_channel(incident.project, "webhook", target=hook.url("/token"))
    enqueue(incident, reason="opened", now=now)
    send(now=now, clock=HandClock())
    row = Notification.objects.get()
    assert row.state == {None: "sent", True: "dead", False: "queued"}[permanent]
    assert "secret" not in row.last_error
    assert "token" not in row.last_error
    if permanent is not None:
        assert str(status) in row.last_error


def test_private_addresses_are_refused_for_good_by_default(incident, hook, now, settings):
    settings.OUTGOING_ALLOW_PRIVATE = False
    make_channel(incident.project, "webhook", target="https://127.0.0.1:1/")
    enqueue(incident, reason="opened", now=now)
    send(now=now, clock=HandClock())
    row = Notification.objects.get()
    assert (row.state, row.attempts) == ("dead", 1)
    assert "ATALAIA_OUTGOING_ALLOW_PRIVATE" in row.last_error
    assert hook.received == []


@pytest.mark.parametrize(
    ("kind", "target", "secret"),
    [
        ("email", "", ""),
        ("email", "ana@aurora.example, nonsense", ""),
        ("webhook", "ftp://a.example/", ""),
        ("webhook", "https://a.example/", "hunter2"),
        ("webhook", "https://a.example/", "whsec_c2hvcnQ="),
        ("webhook", "https://a.example/", "whsec_" + base64.b64encode(b"x" * 65).decode()),
        ("webhook", "https://a.example/", SECRET.removeprefix("whsec_")),
    ],
)
def test_a_form_learns_at_once_that_a_channel_cannot_work(kind, target, secret):
    with pytest.raises(ChannelError) as caught:
        channel_kind(kind).check(target=target, secret=secret)
    assert caught.value.permanent
    assert secret == "" or secret not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "target", "secret"),
    [
        ("console", "", ""),
        ("email", "ana@aurora.example", ""),
        ("webhook", "https://hooks.example/x", SECRET),
    ],
)
def test_a_form_takes_what_works(project, kind, target, secret):
    assert stored_by_form(project, kind, target, secret) == (target, secret)


def test_the_test_button_sends_a_real_message_by_the_same_path(incident, hook, ana, now):
    channel = make_channel(incident.project, "webhook", name="Ops", target=hook.url())
    row = send_test(channel, by=ana, now=now)
    payload = verified(hook.received[0])
    assert (row.state, row.attempts) == ("sent", 1)
    assert (payload["type"], payload["data"]["by"]) == ("channel.test", "ana")
    channel.refresh_from_db()
    assert channel.last_ok_at == now


def test_a_failed_test_says_why_and_is_not_repeated(incident, hook, ana, now):
    hook.answer = lambda handler: reply(handler, 503)
    channel = make_channel(incident.project, "webhook", target=hook.url())
    row = send_test(channel, by=ana, now=now)
    assert row.state == "dead"
    assert "503" in row.last_error
    channel.refresh_from_db()
    assert (channel.failures, channel.last_error) == (1, row.last_error)
    assert send(now=now).seen == 0


@pytest.mark.parametrize("kind", ["console", "email"])
def test_the_other_channels_can_be_tested_too(incident, ana, now, kind):
    assert send_test(make_channel(incident.project, kind, target="a@b.example"), by=ana, now=now).state == "sent"


def test_a_lost_key_is_named_and_tried_again(incident, hook, now, settings):
    settings.CHANNEL_KEY = "old"
    make_channel(incident.project, "webhook", target=hook.url(), secret=seal(SECRET))
    enqueue(incident, reason="opened", now=now)
    settings.CHANNEL_KEY = "new"
    clock = HandClock()
    send(now=now, clock=clock)
    assert "ATALAIA_CHANNEL_KEY" in Notification.objects.get().last_error
    settings.CHANNEL_KEY = "new,old"
    clock.forward(minutes=1)
    assert send(now=now, clock=clock).written == 1
