"""Links: what is signed opens, whatever is changed does not, and each fault has its name."""

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.clock import real_now
from models_registry.keys import create_key, find_key, forget_keys, key_of_links, revoke_key
from models_registry.links import Claims, LinkError, open_link, sign_link
from models_registry.models import ApiKey, Project

pytestmark = pytest.mark.django_db
NOW = real_now()
SOON = int((NOW + timedelta(hours=1)).timestamp())


@pytest.fixture
def made(project: Project) -> tuple[ApiKey, str]:
    forget_keys()
    return create_key(project=project, name="app", scopes=["ingest"])


def fault_of(token: str, **more: Any) -> str:
    with pytest.raises(LinkError) as refused:
        open_link(token, real_now=more.get("now", NOW))
    return refused.value.fault


def test_a_link_says_what_was_signed(made: tuple[ApiKey, str]):
    claims = Claims("call-1", SOON, "ü 👍", ("thumb", "score"))
    link = open_link(sign_link(made[0], claims), real_now=NOW)
    assert (link.claims, link.key) == (claims, made[0])


def test_a_link_holds_no_secret_of_its_key(made: tuple[ApiKey, str]):
    key, raw = made
    token = sign_link(key, Claims("call-1", SOON))
    assert raw.split("_", 2)[2] not in token  # the secret may hold underscores itself
    for part in token.split(".")[1:]:
        assert bytes(key.link_secret) not in base64.urlsafe_b64decode(part + "==")
        assert bytes(key.digest) not in base64.urlsafe_b64decode(part + "==")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), other=st.sampled_from("ABCxyz019-_"))
def test_whatever_is_changed_opens_nothing_else(made: tuple[ApiKey, str], place: int, other: str):
    claims = Claims("call-1", SOON, "ana")
    token = sign_link(made[0], claims)
    place %= len(token)
    changed = token[:place] + other + token[place + 1 :]
    try:
        link = open_link(changed, real_now=NOW)
    except LinkError as error:
        assert error.fault in {"malformed", "unknown", "tampered"}  # noqa: PT017 - what opens is judged too
        assert changed != token
    else:  # base64 has spellings for the same bits
        assert link == open_link(token, real_now=NOW)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    token=st.text(max_size=80) | st.lists(st.text(st.characters(codec="ascii"), max_size=9), max_size=4).map(".".join)
)
def test_noise_is_told_from_links(made: tuple[ApiKey, str], token: str):
    assert fault_of(token) in {"malformed", "unknown"}
    assert fault_of(f"{made[0].prefix}.{token}") in {"malformed", "tampered"}


def test_each_fault_has_its_name(made: tuple[ApiKey, str], project: Project):
    key, _ = made
    token = sign_link(key, Claims("call-1", SOON))
    assert fault_of(token, now=NOW + timedelta(hours=2)) == "expired"
    assert fault_of(token[:-4]) == "tampered"
    assert fault_of(token.rpartition(".")[0]) == "malformed"
    assert fault_of("x" * 2_001) == "malformed"
    assert fault_of(f"000000000000{token[12:]}") == "unknown"
    reader, _ = create_key(project=project, name="r", scopes=["read"])
    assert fault_of(sign_link(reader, Claims("call-1", SOON))) == "unknown"
    revoke_key(key, now=NOW)
    assert fault_of(token) == "unknown"


@pytest.mark.parametrize(
    "claims",
    [[], {}, {"t": "", "e": SOON}, {"t": "a"}, {"t": "a", "e": "soon"}, {"t": "a", "e": -1}, {"t": "a" * 201, "e": SOON},
     {"t": "a", "e": SOON, "k": []}, {"t": "a", "e": SOON, "k": ["stars"]}, {"t": "a", "e": SOON, "u": 7}],
)  # fmt: skip
def test_a_signature_does_not_make_nonsense_a_link(made: tuple[ApiKey, str], claims: Any):
    key, _ = made
    body = f"{key.prefix}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}"
    signed = base64.urlsafe_b64encode(hmac.digest(bytes(key.link_secret), body.encode(), "sha256")).rstrip(b"=")
    assert fault_of(f"{body}.{signed.decode()}") == "malformed"


def test_a_key_from_before_there_were_links_signs_after_its_next_use(made: tuple[ApiKey, str]):
    key, raw = made
    ApiKey.objects.update(link_secret=None)
    forget_keys()
    assert key_of_links(key.prefix, now=NOW) is None
    found = find_key(raw, now=NOW)
    assert bytes(found.link_secret) == bytes(key.link_secret)
    forget_keys()
    assert key_of_links(key.prefix, now=NOW) == key
