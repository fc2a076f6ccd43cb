"""Trained once per run, because that is the slow part; and the public API without a socket."""

import pytest
from django.test import Client

from demo.play import INGEST_SCOPES
from demo.scorecard import Scorecard
from demo.sender import PATHS, Parcel, check
from demo.train import train
from models_registry.keys import create_key
from models_registry.models import Project

SEED = 7


@pytest.fixture(scope="session")
def cards() -> tuple[Scorecard, ...]:
    return train(SEED)


@pytest.fixture(autouse=True)
def _trained_once(cards, monkeypatch):
    """Whoever asks for the scorecards of a seed gets those of the run."""
    monkeypatch.setattr("demo.play.scorecards", lambda seed: cards)
    monkeypatch.setattr("demo.simulate.scorecards", lambda seed: cards)


class ClientSender:
    """Posts through the whole server, in process; stops working after `batches` of them, when told to."""

    def __init__(self, project: Project, *, batches: int | None = None) -> None:
        _key, token = create_key(project=project, name="story", scopes=INGEST_SCOPES)
        self._client = Client(headers={"Authorization": f"Bearer {token}"})
        self._left = batches

    def send(self, parcel: Parcel) -> None:
        if self._left == 0:
            raise ConnectionError("the seeding process was killed here")
        if self._left is not None:
            self._left -= 1
        kind, media, body = parcel
        answer = self._client.post(PATHS[kind], body, content_type=media, headers={"Content-Encoding": "gzip"})
        check(kind, answer.status_code, answer.content)
