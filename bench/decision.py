"""How long a gateway waits for `GET /api/v1/policies/{slug}/decision`, in process. `python -m bench.decision`

A scratch SQLite database, a policy with every kind of limit, 50,000 users of today. Told are the decision alone and the whole
request through Django (middleware, key, view, JSON), each for a policy that is remembered and for users nobody asked about yet.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

FOLDER = tempfile.TemporaryDirectory(prefix="atalaia-decision-")
os.environ["DATABASE_URL"] = f"sqlite:///{Path(FOLDER.name) / 'bench.sqlite3'}"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from lib import clock  # noqa: E402
from models_registry.keys import create_key  # noqa: E402
from models_registry.models import Model, ModelVersion, Project  # noqa: E402
from monitoring.llm.limits import Facts  # noqa: E402
from monitoring.models import Policy, UserDay  # noqa: E402
from monitoring.policies import decide  # noqa: E402

USERS, ROUNDS, TARGET_MS = 50_000, 2_000, 5.0
PATH = (
    "/api/v1/policies/frugal/decision?user_id={user}&provider=openai&request_model=gpt-4o&max_tokens=100&prompt_name=p"
)


def prepare() -> tuple[Project, str]:
    """The policy, its application, its users."""
    call_command("migrate", verbosity=0)
    project = Project.objects.create(slug="bench", name="Bench")
    model = Model.objects.create(project=project, slug="assistant", kind=Model.Kind.LLM)
    ModelVersion.objects.create(model=model, version="1")
    Policy.objects.create(
        project=project,
        slug="frugal",
        model=model,
        max_cost_day_usd=Decimal(100),
        max_cost_month_usd=Decimal(1_000),
        max_cost_user_day_usd=Decimal(1),
        max_latency_ms=5_000,
        quality_measure="error_rate",
        quality_comparison="at_most",
        quality_bound=0.1,
        quality_window=timedelta(hours=1),
        allowed_models=["openai/gpt-4o*", "anthropic/claude-*"],
        parameters={"max_tokens": {"max": 4_096}},
        required_context=["prompt"],
    )
    day = int(clock.now().timestamp()) // 86_400
    days = (
        UserDay(
            model=model, day=day, user_id=f"u{n}", environment="production", calls=1, costed=1, cost_nano=n, last_us=0
        )
        for n in range(USERS)
    )
    UserDay.objects.bulk_create(days, batch_size=5_000)
    return project, create_key(project=project, name="bench", scopes=["read"])[1]


def times_ms(ask: Callable[[int], object]) -> list[float]:
    """Milliseconds of each round."""
    found = []
    for place in range(ROUNDS):
        began = time.perf_counter()
        ask(place)
        found.append((time.perf_counter() - began) * 1_000)
    return sorted(found)


def main() -> int:
    """Print the medians; exit 1 if the whole request misses its target."""
    setup_test_environment()
    project, token = prepare()
    client = Client(headers={"authorization": f"Bearer {token}"})
    facts = Facts("openai", ("gpt-4o",), parameters={"max_tokens": 100}, prompt="p")

    def request(user: int) -> None:
        answer = client.get(PATH.format(user=f"u{user}"))
        assert answer.json()["allow"], answer.content

    def alone(user: int) -> None:
        decide.decide(project.pk, "frugal", decide.Asked(f"u{user}", facts=facts), now=now)

    now = clock.now()
    request(0)
    rows = {
        "decision, policy and user remembered": times_ms(lambda _: alone(0)),
        "decision, a new user each time": times_ms(alone),
        "request, policy and user remembered": times_ms(lambda _: request(0)),
        "request, a new user each time": times_ms(lambda place: request(USERS // 2 + place)),
    }
    for name, found in rows.items():
        print(f"{name:40} median {median(found):7.3f} ms   p99 {found[int(0.99 * len(found))]:7.3f} ms")
    missed = max(median(found) for found in rows.values()) > TARGET_MS
    print(f"target: median at most {TARGET_MS:g} ms {'MISSED' if missed else 'met'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
