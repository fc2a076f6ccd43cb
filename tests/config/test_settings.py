import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from config import env
from lib.clock import real_now
from models_registry.clock import set_clock

DOCS = (settings.BASE_DIR / "docs" / "settings.md").read_text(encoding="utf-8")
CODE = (settings.BASE_DIR / "config" / "settings.py").read_text(encoding="utf-8")
CHECKS = (settings.BASE_DIR / "config" / "checks.py").read_text(encoding="utf-8")


def test_every_variable_is_documented_and_every_documented_one_exists():
    read = set(re.findall(r'env_\w+\(\s*"(\w+)"', CODE))
    assert read == set(re.findall(r"^\| `([A-Z_]+)`", DOCS, re.MULTILINE))


def test_every_check_is_documented_and_every_documented_one_exists():
    assert set(re.findall(r"config\.[EW]\d{3}", CHECKS)) == set(re.findall(r"`(config\.[EW]\d{3})`", DOCS))


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.env_bool("X", default=False), "yes"),
        (lambda: env.env_bool("X", default=False), "true"),
        (lambda: env.env_int("X", 1), "1.5"),
        (lambda: env.env_int("X", 1), "ten"),
    ],
)
def test_a_typing_error_stops_the_start(monkeypatch, read, value):
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured, match="X must be"):
        read()


def test_a_secret_may_stand_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("open sesame\n")
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    assert env.env_str("X") == "open sesame"
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("X_FILE", str(tmp_path / "bytes"))
    with pytest.raises(ImproperlyConfigured, match="X_FILE"):
        env.env_str("X")
    monkeypatch.setenv("X_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ImproperlyConfigured, match="X_FILE"):
        env.env_str("X")


def test_a_kept_secret_is_made_once_and_for_its_owner_only(tmp_path):
    made = env.kept_secret(tmp_path, "key")
    assert env.kept_secret(tmp_path, "key") == made
    assert len(made) >= 48
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [("key", 0o600)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///data/a.sqlite3", {"NAME": "data/a.sqlite3"}),
        ("sqlite:////srv/a.sqlite3", {"NAME": "/srv/a.sqlite3"}),
        ("postgresql://ana:p%40ss@db:5433/panel", {"NAME": "panel", "PASSWORD": "p@ss", "HOST": "db", "PORT": "5433"}),
        ("postgresql://ana@/panel?host=/run/pg", {"HOST": "/run/pg", "NAME": "panel"}),
    ],
)
def test_database_urls(url, expected):
    read = env.database_from_url(url)
    assert {name: read[name] for name in expected} == expected


def test_an_unknown_database_is_refused():
    with pytest.raises(ImproperlyConfigured, match="sqlite:/// or postgresql://"):
        env.database_from_url("mysql://x/y")


def failing() -> set[str]:
    return {str(message.id) for message in run_checks(databases=["default"], include_deployment_checks=True)}


@pytest.mark.django_db
def test_the_clock_must_show_real_time_outside_a_demonstration(now, settings):
    assert "config.E001" not in failing()
    set_clock(story=now, rate=60, real=real_now())
    assert "config.E001" in failing()
    settings.DEMO = True
    assert "config.E001" not in failing()


@pytest.mark.django_db
def test_a_clock_row_that_caught_up_is_no_error():
    set_clock(story=real_now(), rate=1, real=real_now() - timedelta(seconds=1))
    assert "config.E001" not in failing()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "id_"),
    [
        ("SECRET_KEY", "short", "config.E003"),
        ("CHANNEL_KEY", "short", "config.E004"),
        ("CLOCK_ROW", "nowhere.at_all", "config.E005"),
        ("DEBUG", True, "config.E006"),
        ("BEHIND_TLS", False, "config.W001"),
        ("ALLOWED_HOSTS", ["*"], "config.W002"),
        ("METRICS_TOKEN", "", "config.W003"),
    ],
)
def test_each_check_finds_its_mistake(settings, name, value, id_):
    setattr(settings, name, value)
    assert id_ in failing()


@pytest.mark.django_db
def test_sqlite_takes_one_worker(settings):
    settings.SQLITE, settings.WEB_WORKERS = True, 2
    assert "config.E002" in failing()
    settings.SQLITE = False
    assert "config.E002" not in failing()
