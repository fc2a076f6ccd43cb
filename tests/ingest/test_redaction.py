"""Personal data does not reach the inbox; identities and ordinary numbers do."""

import json
import sys

import msgspec
import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models_registry.keys import forget_keys
from monitoring.ingest.normalise import Normaliser
from monitoring.ingest.redact import SUSPECT, is_card, is_cpf, redact_default, redact_fully
from monitoring.items import ITEM_TYPES
from monitoring.models import InboxBody
from tests.ingest.conftest import prediction, stored


def _cpf(nine: str) -> str:
    return next(nine + f"{tail:02}" for tail in range(100) if is_cpf(nine + f"{tail:02}"))


def _card(fifteen: str) -> str:
    return next(f"{fifteen}{tail}" for tail in range(10) if is_card(f"{fifteen}{tail}"))


EMAIL = st.emails()
CPF = st.integers(1, 999_999_998).map(lambda n: f"{n:09}").filter(lambda n: len(set(n)) > 1).map(_cpf)
DOTTED = CPF.map(lambda n: f"{n[:3]}.{n[3:6]}.{n[6:9]}-{n[9:]}")
CARD = st.tuples(st.sampled_from(["4", "51", "55", "2221", "6011", "3528"]), st.integers(0, 10**14)).map(
    lambda pair: _card(f"{pair[0]}{pair[1]:015}"[:15])
)
SPACED = CARD.map(lambda n: " ".join(n[place : place + 4] for place in range(0, 16, 4)))
SECRET = EMAIL | CPF | DOTTED | CARD | SPACED
WORDS = st.sampled_from(["", "contact", "é", "nº", "pay"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRET, before=WORDS, after=WORDS, place=st.integers(0, 6))
def test_nothing_planted_reaches_the_inbox(post, secret, before, after, place):
    text = f"{before} {secret} {after}"
    path, item = [
        ("predictions", prediction(features={"note": text})),
        ("predictions", prediction(features={text: 1.0}, user_id=secret)),
        ("predictions", prediction(unknown={"deep": [{"er": text}]}, segments={"who": text})),
        ("llm-calls", {"id": "c", "model": "m", "prompt": [{"content": text}], "response": text, "context": [text]}),
        ("feedback", {"id": "f", "target_id": "p", "kind": "comment", "comment": text, "user_id": secret}),
        ("logs", {"id": "l", "message": text, "exception": {"trace": text}, text: text}),
        ("events", {"id": "e", "name": text, "note": text + "x" * 40_000}),
    ][place]
    InboxBody.objects.all().delete()
    assert post([item, item], path=path).json()["accepted"] == 2
    assert secret not in json.dumps(stored(), ensure_ascii=False)


KEY = SECRET | st.sampled_from(["[email]", "[cpf]", "[cpf]#2", "[card]", "age", "é", "[email]#3"])
OBJECT = st.dictionaries(KEY, st.integers(0, 1_000), min_size=1, max_size=12)


def clean(item: dict, kind: str = "log") -> dict:
    return msgspec.to_builtins(Normaliser(redact=redact_default, max_text=1_000).normalise(item, ITEM_TYPES[kind]))


@settings(max_examples=150, deadline=None)
@given(given_=OBJECT, loose=OBJECT, deep=OBJECT)
def test_keys_that_become_equal_keep_every_value_and_other_keys_their_names(given_, loose, deep):
    """Among a log's fields, inside `extra`, further down, and among features."""
    found = clean({"id": "l", "message": "m", "deep": deep, "extra": given_, **loose})["extra"]
    assert sorted(found.pop("deep").values()) == sorted(deep.values())
    assert sorted(found.values()) == sorted([*given_.values(), *loose.values()])
    for key, value in loose.items():
        if redact_default(key) == key:
            assert found[key] == value
    features = clean(prediction(features=deep), "prediction")["features"]
    assert sorted(features.values()) == sorted(deep.values())
    for key, value in deep.items():
        if redact_default(key) == key:
            assert features[key] == value
        else:
            assert key not in features


def test_equal_keys_are_numbered_in_their_order():
    people = {"ana@aurora.example": 1, "[email]#2": 2, "bia@aurora.example": 3, "caio@aurora.example": 4}
    assert clean(prediction(features=people), "prediction")["features"] == {
        "[email]": 1,
        "[email]#2": 2,
        "[email]#3": 3,
        "[email]#4": 4,
    }


def test_a_field_in_extra_and_beside_it_are_both_kept():
    assert clean({"id": "l", "message": "m", "shop": 1, "extra": {"shop": 2, "till": 3}})["extra"] == {
        "shop": 1,
        "shop#2": 2,
        "till": 3,
    }


def test_very_many_equal_keys_are_numbered_in_one_pass():
    many = {f"u{number}@aurora.example": number for number in range(19_000)}
    found = clean({"id": "l", "message": "m", "who": many})["extra"]["who"]
    assert len(found) == 19_000
    assert found["[email]#19000"] == 18_999


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("to=ana@aurora.com.br now", "to=[email] now"),
        ("cpf 529.982.247-25, 52998224725", "cpf [cpf], [cpf]"),
        ("2 4111 1111 1111 1111 12", "2 [card] 12"),
        ("378282246310005", "[card]"),
        ("Authorization: Bearer abcdef.12345678", "Authorization: [key]"),
        ("sk-proj-abcdefghijklmnop1234", "[key]"),
        ("key at_0123456789ab_" + "x" * 43, "key [key]"),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
    ],
)
def test_what_is_found_is_replaced_by_its_name(text, clean):
    assert redact_default(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "12345678901",
        "52998224724",
        "ts 1700000000000 1700000000000000",
        "0.4111111111111111",
        "550e8400-e29b-41d4-a716-446655440000",
        "@scope/package foo@bar",
        "created_at_hour task-force skill",
        "111.111.111-11",
    ],
)
def test_ordinary_text_and_numbers_survive(text):
    assert redact_default(text) == text


SEEDS = ["@", "a@b.co", "sk-", "at_", "0a1b_", "AKIA", "ASIA", "AIza", "ghp_", "gh", "xoxb-", "eyJ", ".", "-", "/", " "]
SEEDS += [
    "bearer ",
    "Bearer\t",
    "BEARER",
    "BeArEr ",
    "529.982.247-25",
    "4111",
    "11144477735",
    "x" * 17,
    "A0" * 20,
    "\n",
    "é",
]


@settings(max_examples=500, deadline=None)
@given(text=st.lists(st.sampled_from(SEEDS) | st.text(max_size=3), max_size=12).map("".join))
def test_a_text_that_one_look_passes_holds_nothing_that_is_hidden(text):
    assert redact_default(text) == redact_fully(text)


def test_digits_of_every_script_are_seen():
    """Both engines know the same ones, so that a CPF in any of them is looked at."""
    decimals = [letter for letter in map(chr, range(sys.maxunicode + 1)) if letter.isdecimal()]
    assert decimals
    assert [digit for digit in decimals if not SUSPECT.search(digit * 11)] == []


def test_identities_are_kept_and_people_become_pseudonyms_that_stay_apart(post):
    people = ["ana@aurora.example", "bia@aurora.example", "ana@aurora.example"]
    post(
        [
            prediction(id=f"52998224725-{n}", request_id="ana@aurora.example", user_id=who)
            for n, who in enumerate(people)
        ]
    )
    items = stored()
    assert items[0]["id"] == "52998224725-0"
    assert items[0]["request_id"] == "ana@aurora.example"
    ana, bia, again = (item["user_id"] for item in items)
    assert ana == again != bia
    assert ana.startswith("[email]:")


def test_a_project_switches_redaction_off(post, project):
    project.redact = False
    project.save()
    forget_keys()
    post(prediction(error_type="ana@aurora.example"))
    assert stored()[0]["error_type"] == "ana@aurora.example"


def test_a_project_adds_its_own_patterns(post, project):
    project.redact_extra = {"matricula": r"^\d{6}-\d$"}
    project.full_clean()
    project.save()
    forget_keys()
    post([prediction(error_type="123456-7"), prediction(error_type="x 123456-7"), prediction(error_type="a@b.com")])
    assert [item["error_type"] for item in stored()] == ["[matricula]", "x 123456-7", "[email]"]


@pytest.mark.parametrize(
    "patterns",
    [
        [],
        "x",
        {"a": "("},
        {"a": "(?=x)"},
        {"a": ""},
        {"a": "x*"},
        {"a": 5},
        {"a b": "x"},
        {"a": "x" * 201},
        {f"n{n}": "x" for n in range(21)},
    ],
)
def test_a_pattern_that_cannot_run_is_not_saved(project, patterns):
    project.redact_extra = patterns
    with pytest.raises(ValidationError, match="redact_extra"):
        project.clean()


def test_a_bad_pattern_in_the_database_does_not_stop_ingest(post, project):
    type(project).objects.update(redact_extra={"broken": "("})
    forget_keys()
    post(prediction(error_type="ana@aurora.example"))
    assert stored()[0]["error_type"] == "[email]"


def test_a_greedy_pattern_costs_linear_time(post, project):
    type(project).objects.update(redact_extra={"greedy": "(a+)+$"})
    forget_keys()
    assert post({"id": "c", "model": "m", "prompt": "a" * 30_000 + "b"}, path="llm-calls").json()["accepted"] == 1
