"""The guarded client, against real sockets."""

import socket
import ssl
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from lib.addresses import refusal
from lib.http import OutgoingError, Policy, check_url, request
from tests.receiver import Receiver, certificate_for, receiver, reply

OPEN = Policy(allow_private=True)
CLOSED = Policy(allow_private=False, allow_plain=True)


@pytest.fixture
def hook():
    with receiver() as running:
        yield running


def naming(*addresses: str):
    """A resolver that answers these addresses and counts how often it was asked."""
    asked: list[str] = []

    def resolve(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    resolve.asked = asked
    return resolve


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1", "2002:7f00:1::", "2002:a00:1::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address):
    assert refusal(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_allowed(address):
    assert refusal(address) == ""


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"]
)
def test_loopback_is_never_dialled_however_it_is_spelled(hook: Receiver, host):
    with pytest.raises(OutgoingError) as caught:
        request("POST", hook.url(host=host), policy=CLOSED)
    assert caught.value.permanent
    assert "ATALAIA_OUTGOING_ALLOW_PRIVATE" in str(caught.value)
    assert hook.received == []


def test_a_name_is_resolved_once_and_one_bad_address_spoils_it(hook: Receiver):
    resolve = naming("8.8.8.8", "127.0.0.1")
    with pytest.raises(OutgoingError) as caught:
        request("POST", hook.url(host="rebinding.example"), policy=CLOSED, resolve=resolve)
    assert caught.value.permanent
    assert resolve.asked == ["rebinding.example"]
    assert hook.received == []


def test_a_name_that_rebinds_is_dialled_at_the_address_that_was_judged(hook: Receiver):
    answers = iter(["127.0.0.1", "192.0.2.1"])

    def rebinding(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    assert request("GET", hook.url(host="rebinding.example"), policy=OPEN, resolve=rebinding).status == 204
    assert next(answers) == "192.0.2.1", "the second answer was never asked for"


@pytest.mark.parametrize("host", ["metadata.google.internal", "METADATA.internal.", "x.localhost"])
def test_internal_names_are_refused_before_they_are_resolved(host):
    resolve = naming("8.8.8.8")
    with pytest.raises(OutgoingError, match="internal"):
        request("GET", f"https://{host}/", policy=CLOSED, resolve=resolve)
    assert resolve.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://a.example/",
            "file:///etc/passwd",
            "//a.example/",
            "a.example",
            "",
            "https://",
            "https://a:b@c.example/",
        ),
        *("https://a.example:99999/", "https://a.example:0/", "https://a.example/\r\nX: y", "https://a.example/a b"),
        *("https://[::1/", "https://ação.example/", "http://a.example/"),
    ],
)
def test_a_url_that_cannot_work_is_refused_at_once(url):
    with pytest.raises(OutgoingError) as caught:
        check_url(url, Policy(allow_private=False))
    assert caught.value.permanent


def test_plain_http_needs_to_be_asked_for():
    assert check_url("http://a.example/", Policy(allow_private=False, allow_plain=True))
    assert check_url("http://a.example/", Policy(allow_private=True))


def test_a_request_arrives_whole_with_the_name_in_its_host_header(hook: Receiver):
    url = hook.url("/a?b=c", host="receiver.test")
    answer = request("POST", url, body=b"{}", headers={"X-One": "1"}, policy=OPEN, resolve=naming("127.0.0.1"))
    assert answer.status == 204
    [got] = hook.received
    assert (got.method, got.path, got.body) == ("POST", "/a?b=c", b"{}")
    assert got.headers["host"] == f"receiver.test:{hook.port}"
    assert got.headers["x-one"] == "1"


def test_a_redirect_is_an_answer_and_not_followed(hook: Receiver):
    hook.answer = lambda handler: reply(handler, 302, Location=hook.url("/elsewhere"))
    assert request("GET", hook.url(), policy=OPEN).status == 302
    assert [got.path for got in hook.received] == ["/hook"]


def test_proxies_of_the_environment_are_ignored(hook: Receiver, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    assert request("GET", hook.url(), policy=OPEN).status == 204


def test_a_long_body_is_read_to_its_end(hook: Receiver):
    hook.answer = lambda handler: reply(handler, 200, b"x" * 1_000_000)
    answer = request("GET", hook.url(), policy=Policy(allow_private=True, max_bytes=2_000_000))
    assert (len(answer.body), answer.complete) == (1_000_000, True)


def test_a_huge_body_is_cut_at_the_cap(hook: Receiver):
    hook.answer = lambda handler: reply(handler, 200, b"x" * 1_000_000)
    answer = request("GET", hook.url(), policy=Policy(allow_private=True, max_bytes=1_000))
    assert (len(answer.body), answer.complete) == (1_000, False)


def test_a_trickle_of_bytes_does_not_stretch_the_total_time(hook: Receiver):
    def trickle(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not hook.closing.wait(0.05):
            handler.wfile.write(b"X: y\r\n"[:1])

    hook.answer = trickle
    with pytest.raises(OutgoingError, match=r"within 0.3 seconds") as caught:
        request("GET", hook.url(), policy=Policy(allow_private=True, total_seconds=0.3))
    assert not caught.value.permanent


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nX" + b"x" * 70_000])
def test_a_broken_answer_is_worth_another_try(hook: Receiver, answer):
    hook.answer = lambda handler: handler.wfile.write(answer)
    with pytest.raises(OutgoingError) as caught:
        request("GET", hook.url("/secret-path"), policy=OPEN)
    assert not caught.value.permanent
    assert "secret-path" not in str(caught.value)


def test_a_body_that_ends_early_is_not_complete(hook: Receiver):
    hook.answer = lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort")
    answer = request("GET", hook.url(), policy=OPEN)
    assert (answer.body, answer.complete) == (b"short", False)


def test_errors_never_repeat_the_url(hook: Receiver):
    with receiver() as gone:
        url = gone.url("/T0/B0/secret-token")
    for broken in (url, "https://[secret-token/", "https://u:secret-token@a.example/", "gopher://secret-token/"):
        with pytest.raises(OutgoingError) as caught:
            request("POST", broken, policy=OPEN)
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_name_that_does_not_resolve_is_worth_another_try():
    def nowhere(host, port, **_):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(OutgoingError) as caught:
        request("GET", "https://nowhere.example/", policy=CLOSED, resolve=nowhere)
    assert not caught.value.permanent


def test_a_name_server_that_does_not_answer_does_not_stretch_the_total_time(hook: Receiver):
    released = Event()

    def hanging(host, port, **_):
        released.wait()
        return naming("127.0.0.1")(host, port)

    try:
        with pytest.raises(OutgoingError, match=r"within 0.2 seconds") as caught:
            request("GET", hook.url(), policy=Policy(allow_private=True, total_seconds=0.2), resolve=hanging)
    finally:
        released.set()
    assert not caught.value.permanent
    assert hook.received == []


def test_what_resolving_took_is_not_left_for_the_rest(hook: Receiver, monkeypatch):
    shown = [100.0]
    monkeypatch.setattr("lib.http.time", SimpleNamespace(monotonic=lambda: shown[0]))

    def slow(host, port, **_):
        shown[0] += 10.5
        return naming("127.0.0.1")(host, port)

    with pytest.raises(OutgoingError, match="within 10 seconds"):
        request("GET", hook.url(), policy=OPEN, resolve=slow)
    assert hook.received == []


def test_a_resolver_that_breaks_is_heard_and_not_waited_for(hook: Receiver):
    def broken(host, port, **_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        request("GET", hook.url(), policy=Policy(allow_private=True, total_seconds=600), resolve=broken)


def test_tls_checks_the_name_that_was_asked_for_and_not_the_address(tmp_path: Path):
    pem = certificate_for("receiver.test", tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem)
    asked_for: list[str | None] = []
    served.sni_callback = lambda _sock, name, _context: asked_for.append(name)
    trusting = ssl.create_default_context(cafile=pem)
    with receiver(tls=served) as hook:
        hook.answer = lambda handler: reply(handler, 200, b"x" * 60_000)
        known = hook.url(host="receiver.test", scheme="https")
        answer = request("POST", known, policy=OPEN, resolve=naming("127.0.0.1"), context=trusting)
        assert (answer.status, len(answer.body), asked_for) == (200, 60_000, ["receiver.test"])
        other = hook.url(host="other.test", scheme="https")
        with pytest.raises(OutgoingError, match="certificate"):
            request("POST", other, policy=OPEN, resolve=naming("127.0.0.1"), context=trusting)
        with pytest.raises(OutgoingError, match="certificate"):
            request("POST", known, policy=OPEN, resolve=naming("127.0.0.1"))
    assert len(hook.received) == 1


def test_the_installation_decides_about_private_addresses(hook: Receiver, settings):
    settings.OUTGOING_ALLOW_PRIVATE = True
    assert request("GET", hook.url()).status == 204
    settings.OUTGOING_ALLOW_PRIVATE = False
    with pytest.raises(OutgoingError):
        request("GET", hook.url())
