from io import StringIO

import pytest
from django.core.management import call_command


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Apply a text; the lines printed."""
    monkeypatch.setenv("HOOK_SECRET", "whsec_c2VjcmV0")

    def write(text: str, **options: bool) -> list[str]:
        path = tmp_path / "panel.yml"
        path.write_text(text)
        out = StringIO()
        call_command("apply", str(path), stdout=out, **options)
        return out.getvalue().splitlines()

    return write
