"""The page on ingest names every path, field and code that there is, and no code that there is not."""

import re
from pathlib import Path

from monitoring.ingest.codes import NOTES, PROBLEMS, REJECTIONS
from monitoring.ingest.log_dialects import ALIASES
from monitoring.ingest.views import PATHS
from monitoring.items import ITEM_TYPES

PAGE = (Path(__file__).resolve().parents[2] / "docs/api/ingest.md").read_text(encoding="utf-8")
ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for door in ("ingest", "ingest/otlp") for path in (ROOT / "monitoring" / door).glob("*.py")]


def test_every_code_is_listed_and_no_other():
    listed = set(re.findall(r"^\|(?: \d+ \|)? `(\w+)` \|", PAGE, re.MULTILINE))
    assert listed == {*REJECTIONS, *NOTES, *PROBLEMS}
    for code, (status, _meaning) in PROBLEMS.items():
        assert f"| {status} | `{code}` |" in PAGE


def test_every_code_that_is_raised_is_registered():
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    assert set(re.findall(r"Fault\(\s*\"(\w+)\"", text)) <= set(REJECTIONS)
    assert set(re.findall(r"Refusal\(\s*\"(\w+)\"", text)) == set(PROBLEMS)


def test_every_path_and_field_is_named():
    assert all(path.rsplit("/", 1)[1] in PAGE for path in PATHS)
    names = {name for kind in ITEM_TYPES.values() for name in kind.__struct_fields__}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


def test_every_other_name_of_a_field_of_logs_is_listed():
    rows = [row for row in PAGE.splitlines() if row.startswith("|")]
    for name, sources in ALIASES.items():
        (row,) = [
            row
            for row in rows
            if f"`{name}`" in row.split("|")[1] and "`" in row.split("|")[2] and len(row.split("|")) == 4
        ]
        assert [source.path for source in sources if f"`{source.path}`" not in row] == []
