"""Health for machines: alive, able to accept, moving."""

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from config.pipeline import no_database, pipeline_reasons
from lib.clock import now, real_now
from monitoring.ingest.backpressure import can_accept


@csrf_exempt
@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """This process answers. Touches nothing else, so a broken database does not get it killed."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """503 only if this process cannot durably accept; a pipeline that stands still is no reason to refuse events."""
    possible, reason = can_accept()
    if possible:
        return JsonResponse({"status": "ok"})
    return JsonResponse({"status": "not ready", "reasons": [reason]}, status=503)


@csrf_exempt
@require_safe
@never_cache
def pipeline(request: HttpRequest) -> JsonResponse:
    """503 with the reasons when what was accepted does not move on."""
    try:
        reasons = [reason.text for reason in pipeline_reasons(now=now(), real_now=real_now())]
    except DatabaseError as error:  # the clock is in it too
        reasons = [no_database(error).text]
    if reasons:
        return JsonResponse({"status": "not moving", "reasons": reasons}, status=503)
    return JsonResponse({"status": "ok", "reasons": []})
