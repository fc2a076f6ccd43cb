"""A simulation moves everybody's clock, so it keeps away from a panel that programs use."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from demo.play import INGEST_SCOPES, ensure_token
from demo.simulate import busy_key
from lib.clock import face, real_now
from models_registry.keys import create_key
from models_registry.models import ApiKey, Project


def test_a_panel_in_use_is_left_alone_and_its_clock_untouched(project: Project) -> None:
    key, _ = create_key(project=project, name="gateway", scopes=["ingest"])
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=real_now() - timedelta(minutes=3))
    with pytest.raises(CommandError, match=r"project aurora is in use.*--anyway"):
        call_command("simulate", "silent_degradation")
    assert face() is None


def test_the_demonstrations_own_traffic_is_no_reason_to_refuse(project: Project, settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    since = real_now() - timedelta(minutes=10)
    ensure_token(project, INGEST_SCOPES, real_now=real_now())
    ApiKey.objects.update(last_used_at=real_now())
    assert busy_key(since=since) is None
    gateway, _ = create_key(project=project, name="gateway", scopes=["ingest"])
    ApiKey.objects.update(last_used_at=real_now())
    assert busy_key(since=since) == gateway
