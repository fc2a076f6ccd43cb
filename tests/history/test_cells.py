"""Cells are read as JSON would hold them; what is not understood stays, for ingest to say what is wrong."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.ingest.history import cells
from monitoring.ingest.history.wanted import Path, Wanted
from monitoring.ingest.moments import moment_us
from monitoring.items import ITEM_TYPES

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_of_json_are_read_as_they_are(value: float):
    found = cells.scalar(json.dumps(value))
    assert (type(found), found) == (type(value), value)


@given(st.text())
def test_no_text_is_lost(text: str):
    found = cells.scalar(text)
    assert found == text or found is None or isinstance(found, int | float)
    assert cells.text(text) == (text or None)


@pytest.mark.parametrize("text", ["01310", "1_000", "+1", ".5", "5.", "0x1", "1e999", "inf", "9" * 30, "1,5", "१"])
def test_what_is_no_number_of_json_stays_text(text: str):
    assert cells.number(text) == text


@pytest.mark.parametrize("text", ["", "nan", "NaN"])
def test_what_tables_write_for_missing_is_missing(text: str):
    assert cells.number(text) is cells.scalar(text) is None


def test_true_and_false_lists_and_objects():
    assert [cells.scalar(cell) for cell in ("True", "false", "yes")] == [True, False, "yes"]
    assert cells.label('["a", "b"]') == ["a", "b"]
    assert cells.nested('[{"role": "user", "content": "Oi"}]') == [{"role": "user", "content": "Oi"}]
    assert cells.nested("[not json") == "[not json"
    assert cells.nested("42") == "42"


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_without_offset_is_of_the_zone(there: datetime):
    naive = there.replace(tzinfo=None)
    expected = moment_us(naive.replace(tzinfo=SAO_PAULO).isoformat())
    read = cells.moment_in(SAO_PAULO)
    assert moment_us(read(naive.isoformat())) == moment_us(read(naive)) == expected
    aware = naive.replace(tzinfo=ZoneInfo("Asia/Tokyo"))
    assert moment_us(read(aware.isoformat())) == moment_us(aware.isoformat())


def test_days_numbers_and_nonsense_as_moments():
    read = cells.moment_in(SAO_PAULO)
    assert read("2026-03-01") == read(date(2026, 3, 1)) == "2026-03-01T00:00:00-03:00"
    assert read("2026-03-01 12:00:00,5") == "2026-03-01T12:00:00.500000-03:00"
    assert (read("1772366400.5"), read(1772366400)) == (1772366400.5, 1772366400)
    assert (read("yesterday"), read("")) == ("yesterday", None)
    assert cells.moment_in(None)(datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)) == "2026-03-01T00:00:00"


def test_typed_values_become_those_of_json():
    values = [Decimal("1.5"), float("nan"), b"ab", date(2026, 3, 1), 3, "x", None]
    assert [cells.plain(value) for value in values] == [1.5, None, "ab", "2026-03-01", 3, "x", None]
    assert [cells.as_text(value) for value in (1310, None, "x")] == ["1310", None, "x"]


@pytest.mark.parametrize("kind", ITEM_TYPES)
def test_every_field_of_every_kind_is_read_as_what_it_is(kind: str):
    wanted = Wanted(kind)
    numbers = {"score", "latency_ms", "ttft_ms", "cost_usd", "value", "prediction", "label"}
    for name in ITEM_TYPES[kind].__struct_fields__:
        found = wanted.read(Path("", name), name)("7")
        assert found == (7 if name in numbers or name == "ts" else "7"), name
