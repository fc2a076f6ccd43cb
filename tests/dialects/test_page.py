"""The page of dialects says what the code reads."""

import re

from monitoring.llm.dialects.aliases import ALIASES
from monitoring.llm.dialects.evidence import GROUPS
from monitoring.llm.dialects.kinds import DIALECTS, TRUST
from monitoring.llm.dialects.params import INVENTED
from tests.dialects.page import PAGE, page


def test_the_tables_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "write it again: python -m tests.dialects.page"


def test_every_flag_is_explained_and_no_other():
    sources = "".join(
        path.read_text(encoding="utf-8") for path in sorted((PAGE.parents[2] / "monitoring/llm/dialects").glob("*.py"))
    )
    raised = set(
        re.findall(r'"((?:content|invented|input|usage|request_model|provider|more|media|negative)_[a-z_]+)"', sources)
    )
    explained = set(
        re.findall(
            r"^\| `([a-z_]+)` \|",
            PAGE.read_text(encoding="utf-8").partition("## Flags")[2].partition("## The table")[0],
            re.MULTILINE,
        )
    )
    assert explained <= raised
    assert {
        flag
        for flag in raised
        if flag.endswith(
            ("_inferred", "_cached", "_captured", "_params", "_choices", "_duration", "_contradicts", "_stored")
        )
    } == explained


def test_every_row_is_read():
    fields = {row.field for row in ALIASES}
    known = {field for fields in GROUPS.values() for field in fields}
    known |= {
        "kind",
        "encoding",
        "host",
        "chunks",
        "system",
        "prompt",
        "response",
        "tools",
        "usage",
        "params",
        "request",
        "finish_reason",
    }
    known |= {
        "ttft_s",
        "ttft_ms",
        "first_token_at",
        "first_token",
        "duration_s",
        "error_type",
        "level",
        "level_message",
        "cost_usd",
    }
    assert fields == known


def test_no_way_is_said_twice_of_a_field():
    """A name without a dot says what it says in its own dialect alone."""
    said = {(row.field, row.source, row.dialect if row.source.isidentifier() else "") for row in ALIASES}
    assert len(said) == len(ALIASES)


def test_every_dialect_has_its_trust():
    dialects = {row.dialect for row in ALIASES} | {dialect for dialect, _, _ in DIALECTS}
    assert dialects <= set(TRUST)
    assert set(INVENTED) <= dialects
