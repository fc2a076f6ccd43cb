"""The webhook of an Alertmanager, version 4 of its payload: what one tells its receivers is taken in like what one is told.

For those who keep their Alertmanager and want its alerts here too. Grafana's webhook, which adds to the payload, is read alike.
"""

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alerting.evaluate.external import receive
from alerting.interop.alertmanager import ProtocolView, taken
from alerting.interop.wire import read_webhook
from lib import clock
from models_registry.authenticate import project_of


class WireWebhookView(ProtocolView):
    """A receiver of `webhook_configs`."""

    permission = "alerting.change_incident"
    write_scope = "ingest"

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses={200: None},
        operation_id="alertmanager_webhook",
        tags=["alertmanager"],
    )
    def post(self, request: Request) -> Response:
        """Take in what is valid; 400 tells what is not. Alerts that came from this panel are left out."""
        return self.answered(lambda: _take(request))


def _take(request: Request) -> Response:
    now = clock.now()
    valid, wrong = read_webhook(request.data, own=settings.PUBLIC_URL, now=now)
    receive(project_of(request), valid, now=now)
    return taken(wrong)
