"""A simulation moves everybody's clock, so it keeps away from a panel that programs use."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from lib.clock import face, real_now
from models_registry.keys import create_key
from models_registry.models import ApiKey, Project


def test_a_panel_in_use_is_left_alone_and_its_clock_untouched(project: Project) -> None:
    key, _ = create_key(project=project, name="gateway", scopes=["ingest"])
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=real_now() - timedelta(minutes=3))
    with pytest.raises(CommandError, match=r"project aurora is in use.*--anyway"):
        call_command("simulate", "silent_degradation")
    assert face() is None
