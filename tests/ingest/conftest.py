"""A program with a key, posting what it likes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from models_registry.keys import create_key, forget_keys
from models_registry.models import Project
from monitoring.ingest import backpressure
from monitoring.models import InboxBody

Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What this process remembers of keys and of the inbox belongs to one test."""
    forget_keys()
    backpressure.forget()
    yield
    forget_keys()
    backpressure.forget()


@pytest.fixture
def token(project: Project) -> str:
    return create_key(project=project, name="service", scopes=["ingest"])[1]


@pytest.fixture
def post(token: str) -> Post:
    """Post bytes as they are, or anything else as JSON; returns the response."""

    def send(
        body: Any,
        *,
        path: str = "predictions",
        key: str = token,
        content_type: str = "application/json",
        **headers: str,
    ) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return Client(raise_request_exception=True).post(
            f"/api/v1/{path}", data=data, content_type=content_type, headers=sent
        )

    return send


def stored() -> list[dict[str, Any]]:
    """Every item in the inbox, in order."""
    return [item for body in InboxBody.objects.order_by("id") for item in json.loads(bytes(body.items))]


def prediction(**changes: Any) -> dict[str, Any]:
    """A good prediction, changed."""
    return {"id": "p1", "model": "credit-risk", "prediction": "paid", "score": 0.2, **changes}
