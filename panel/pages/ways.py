"""The ways to a first event: what `docs/instrument/` tells programmers to paste, with somebody's own address and key in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FOLDER = Path(settings.BASE_DIR) / "docs/instrument"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ADDRESS, HOST, KEY = "http://127.0.0.1:8000", "127.0.0.1:8000", "at_YOUR_KEY"
# In the order of the tabs: the page of `docs/instrument`, its name, and what is good about it.
WAYS: Sequence[tuple[str, str | Promise, str | Promise]] = (
    ("curl", "curl", _("Any language that speaks HTTP: an object, an array or lines of JSON.")),
    ("python", "Python", _("A decorator, or one call where the prediction is made. Your program never waits.")),
    ("scikit-learn", "scikit-learn", _("The estimator you have, wrapped: each row is a prediction, features by name.")),
    ("fastapi", "FastAPI", _("The middleware gives every record the request's id and trace.")),
    ("django", "Django", _("In the settings, then in a view. The request's id and the logged-in user come along.")),
    ("celery", "Celery", _("Tasks belong to the request that sent them; workers send before they end.")),
    (
        "openai",
        _("OpenAI (OpenTelemetry)"),
        _("No library of ours: your instrumentation and one exporter. “service.name” names the application here."),
    ),
    (
        "langchain",
        "LangChain",
        _("Chains, tools, retrievers and model calls become one trace. “service.name” names the application here."),
    ),
    ("loguru", "loguru", _("A sink: records arrive with what was bound, their exception and the request's ids.")),
    ("prometheus", "Prometheus", _("The other way round: your Prometheus scrapes the panel; nothing is sent.")),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One piece to paste."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Way:
    """One tab."""

    slug: str
    title: str | Promise
    about: str | Promise
    blocks: list[Block]


def ways(*, address: str, key: str = KEY) -> list[Way]:
    """Every tab; `address` is where this panel answers, without a slash at its end."""
    host = address.partition("://")[2]
    return [
        Way(slug, title, about, [Block(name, _filled(text, address, host, key)) for name, text in blocks_of(slug)])
        for slug, title, about in WAYS
    ]


@cache
def blocks_of(slug: str) -> Sequence[tuple[str, str]]:
    """The blocks of a page as they are written there: language and text."""
    return FENCE.findall((FOLDER / f"{slug}.md").read_text(encoding="utf-8"))


def _filled(text: str, address: str, host: str, key: str) -> str:
    return text.replace(ADDRESS, address).replace(HOST, host).replace(KEY, key)
