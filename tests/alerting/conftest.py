"""What tests of alerting share."""

import pytest

from tests.receiver import receiver


@pytest.fixture
def hook(settings):
    """A receiver of this machine, which messages may be sent to."""
    settings.OUTGOING_ALLOW_PRIVATE = True
    with receiver() as running:
        yield running
