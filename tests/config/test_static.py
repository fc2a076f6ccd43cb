"""Static files as a browser gets them: compressed, named by their content, for ever."""

import gzip
import os

import pytest
from django.conf import settings as configured
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import RequestFactory
from whitenoise.middleware import WhiteNoiseMiddleware

from config import static
from config.settings import STORAGES

SHEET = "panel/shell.css"


@pytest.fixture
def collected(settings, tmp_path):
    """A data directory in which nothing was served before."""
    settings.DATA_DIR, settings.STATIC_ROOT, settings.STORAGES = tmp_path, tmp_path / "static", STORAGES
    settings.STATIC_ROOT.mkdir()
    assert static.collect()


def get(address: str, encoding: str = "gzip"):
    """Headers and body; None where there is no such file."""
    serve = WhiteNoiseMiddleware(lambda _request: None)
    answer = serve(RequestFactory().get(address, headers={"Accept-Encoding": encoding}))
    if answer is None:
        return None
    with answer.file_to_stream as file:
        return answer.headers, file.read()


def test_what_pages_name_is_compressed_and_never_asked_for_again(collected):
    for name in (SHEET, "admin/css/base.css", "admin/js/vendor/jquery/jquery.min.js"):
        headers, body = get(staticfiles_storage.url(name))
        assert headers["Content-Encoding"] == "gzip"
        assert headers["Cache-Control"] == "max-age=315360000, public, immutable"
        _, plain = get(staticfiles_storage.url(name), "identity")
        assert plain == gzip.decompress(body)
        assert len(plain) > 2 * len(body)


def test_a_name_tells_the_content(collected):
    assert staticfiles_storage.url(SHEET) != f"{configured.STATIC_URL}{SHEET}"
    assert get(f"{configured.STATIC_URL}{SHEET}") is None


def test_what_no_page_uses_is_left_out(collected):
    with pytest.raises(ValueError, match="rest_framework"):
        staticfiles_storage.url("rest_framework/css/default.css")


def test_they_are_collected_again_only_after_a_change(collected, monkeypatch):
    assert not static.collect()
    source = configured.BASE_DIR / "panel" / "static" / SHEET
    sources = [*static._sources()]
    status = source.stat()
    changed = [line.replace(str(status.st_mtime_ns), str(status.st_mtime_ns + 1)) for line in sources]
    assert changed != sources
    monkeypatch.setattr(static, "_sources", lambda: iter(changed))
    assert static.collect()
    assert not static.collect()


def test_a_collection_that_was_cut_short_is_done_again(collected):
    os.remove(configured.STATIC_ROOT / "collected")
    assert static.collect()
