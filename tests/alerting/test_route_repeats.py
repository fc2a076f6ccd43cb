"""Nobody is told the same again and again within minutes: the form of a route refuses it, and every message of the tree stays."""

from datetime import timedelta

import pytest
from django.test import Client

from alerting.models import Channel, Route
from models_registry.models import Project, User

pytestmark = pytest.mark.django_db
FORM = "/admin/alerting/route/add/"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("1s", None), ("4m59s", None), ("5m", timedelta(minutes=5)), ("0s", timedelta(0)), ("", None)],
)
def test_the_form_takes_five_minutes_or_more_or_never(
    project: Project, admin: User, written: str, kept: timedelta | None
) -> None:
    channel = Channel.objects.create(project=project, name="log", kind="console")
    client = Client()
    client.force_login(admin)
    steps = {f"steps-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}
    fields = {"project": project.pk, "name": "all", "position": "0", "channels": channel.pk, **steps}
    answer = client.post(FORM, {**fields, "repeat_interval": written})
    if written and kept is None:
        told = answer.content.decode()
        assert "Repeat no more often than every five minutes: say five minutes or longer, or zero" in told
        assert f'value="{written}"' in told
        assert not Route.objects.exists()
    else:
        assert answer.status_code == 302
        assert Route.objects.get().repeat_interval == kept
