"""Ask one target for its metrics, through the guarded client; every failure says what to mend."""

import time
from typing import NamedTuple

from django.utils.translation import gettext as _

from lib.http import Answer, OutgoingError, Policy, request
from lib.vault import VaultError, unseal
from monitoring.models import ScrapeTarget
from monitoring.probes.scrape.exposition import ACCEPT, ExpositionError, Told, read_exposition, wanted
from monitoring.validate import token_problem

SECONDS = 5.0
MAX_BYTES = 4 * 1024 * 1024
MAX_SAMPLES = 5_000


class Heard(NamedTuple):
    """What a target told: its points, or why there are none; and how long it took."""

    points: list[Told]
    error: str
    seconds: float


class _ScrapeError(Exception):
    """The text is for people."""


def ask(target: ScrapeTarget) -> Heard:
    """At most 5 seconds."""
    began = time.monotonic()
    try:
        points, error = _read(target), ""
    except (OutgoingError, VaultError, _ScrapeError) as failure:
        points, error = [], str(failure)
    return Heard(points, error, time.monotonic() - began)


def _read(target: ScrapeTarget) -> list[Told]:
    headers = {"Accept": ACCEPT, "User-Agent": "Atalaia"}
    if target.secret:
        headers["Authorization"] = f"Bearer {_token(target.secret)}"
    answer = request("GET", target.url, headers=headers, policy=Policy(total_seconds=SECONDS, max_bytes=MAX_BYTES))
    _check(answer)
    named = {name.lower(): value for name, value in answer.headers.items()}
    media = named.get("content-type", "").partition(";")[0].strip().lower()
    try:
        points = wanted(read_exposition(answer.body.decode("utf-8", "replace"), media), target.names)
    except ExpositionError as error:
        told = _(
            "The answer is neither the text format of Prometheus nor OpenMetrics: %(reason)s. Is it the address of metrics?"
        )
        raise _ScrapeError(told % {"reason": str(error)[:200]}) from error
    if len(points) > MAX_SAMPLES:
        told = _("The target tells %(n)d series, and at most %(most)d are taken. List the metrics that are needed.")
        raise _ScrapeError(told % {"n": len(points), "most": MAX_SAMPLES})
    if not points:
        raise _ScrapeError(
            _("The answer has none of the metrics that are asked for. Mend the list of metrics, or empty it.")
        )
    return points


def _token(sealed: bytes | memoryview) -> str:
    token = unseal(sealed)
    problem = token_problem(token)
    if problem:
        raise _ScrapeError(problem)
    return token


def _check(answer: Answer) -> None:
    if answer.status in (401, 403):
        raise _ScrapeError(_("The target refuses the secret (%(status)d). Write it again.") % {"status": answer.status})
    if answer.status == 404:
        raise _ScrapeError(_("There is nothing at this address (404). Most services tell metrics at /metrics."))
    if answer.status != 200:
        told = _("The target answered %(status)d instead of 200; redirects are not followed.")
        raise _ScrapeError(told % {"status": answer.status})
    if not answer.complete:
        told = _("The answer is larger than %(most)d MiB, or was cut off. Have the target tell less.")
        raise _ScrapeError(told % {"most": MAX_BYTES // 1024**2})
