"""Collection health: the ledger, refusals, dead letters, and the wait for the first event."""

from datetime import datetime, timedelta

from django.test import Client

from config.stages import STAGES
from lib import clock
from models_registry.keys import create_key
from models_registry.models import Job, Project
from monitoring.models import DeadLetter, InboxBody, LedgerCount, ProcessState, RejectionCount, StageRun
from monitoring.selectors.events import micros
from monitoring.selectors.ledger import read_ledger
from panel.pages.stages import DOES

COLLECTION = "/p/aurora/collection/"


def test_every_stage_says_what_it_does() -> None:
    assert [stage.name for stage in STAGES] == list(DOES)


def _letter(project: Project, now: datetime) -> DeadLetter:
    LedgerCount.objects.create(
        project=project, kind="prediction", received=12, rejected=2, accepted=10, stored=9, dead_lettered=1
    )
    return DeadLetter.objects.create(project=project, kind="prediction", item=b'{"id":"x"}', error="boom", at=now)


def test_before_the_first_event_it_waits_with_a_snippet(project: Project, as_ana: Client) -> None:
    page = as_ana.get(COLLECTION).content.decode()
    assert "Waiting for the first event" in page
    assert "/api/v1/predictions" in page
    assert "no key yet" in page
    create_key(project=project, name="checkout", scopes=["ingest"])
    assert "“checkout” has never been used" in as_ana.get(COLLECTION).content.decode()


def test_a_refusal_before_the_first_event_is_explained(project: Project, as_ana: Client, now: datetime) -> None:
    RejectionCount.objects.create(
        project=project,
        kind="prediction",
        code="missing",
        count=3,
        last_detail="model is required",
        last_us=micros(now),
    )
    page = as_ana.get(COLLECTION).content.decode()
    assert "Something did arrive and was refused" in page
    assert "model is required" in page


def test_the_ledger_is_shown_balancing(project: Project, as_bia: Client, now: datetime) -> None:
    _letter(project, now)
    page = as_bia.get(COLLECTION).content.decode()
    assert "The ledger balances" in page
    assert "does not balance" not in page
    LedgerCount.objects.update(stored=8)
    assert "The ledger does not balance" in as_bia.get(COLLECTION).content.decode()


def test_an_editor_replays_a_dead_letter_and_the_ledger_still_balances(
    project: Project, as_ana: Client, as_bia: Client, now: datetime
) -> None:
    letter = _letter(project, now)
    assert "boom" in as_bia.get(COLLECTION).content.decode()
    assert as_bia.post(f"{COLLECTION}replay/", {"letter": letter.pk}).status_code == 403
    page = as_ana.post(f"{COLLECTION}replay/", {"letter": letter.pk}, follow=True).content.decode()
    assert "1 item is back in the inbox" in page
    assert InboxBody.objects.get().replayed
    total = read_ledger(project_id=project.pk)["total"]
    assert total["accepted"] == total["stored"] + total["duplicate"] + total["dead_lettered"] + total["pending"]


def test_a_letter_of_another_project_is_left_alone(
    project: Project, other_project: Project, as_ana: Client, now: datetime
) -> None:
    letter = _letter(other_project, now)
    as_ana.post(f"{COLLECTION}replay/", {"letter": letter.pk})
    as_ana.post(f"{COLLECTION}replay/", {"letter": "x"})
    as_ana.post(f"{COLLECTION}replay/")
    assert DeadLetter.objects.count() == 1


def test_while_the_processes_are_up_nobody_is_told_to_start_them(project: Project, as_bia: Client) -> None:
    assert "<code>manage.py up</code> starts them" in as_bia.get(COLLECTION).content.decode()
    ProcessState.objects.create(name="worker", state=ProcessState.State.WAITING, seen_at=clock.real_now())
    for language, told in (("en", "They begin by themselves."), ("pt-br", "Elas começam sozinhas.")):
        page = as_bia.get(COLLECTION, headers={"accept-language": language}).content.decode()
        assert told in page
        assert "<code>manage.py up</code>" not in page
    ProcessState.objects.update(seen_at=clock.real_now() - timedelta(minutes=5))
    assert "<code>manage.py up</code> starts them" in as_bia.get(COLLECTION).content.decode()


def test_a_failed_stage_says_why(project: Project, as_bia: Client) -> None:
    at = clock.real_now()
    StageRun.objects.create(
        stage="notify", started_at=at, story_at=at, every=5, failures=2, last_error="refused by host"
    )
    assert "refused by host" in as_bia.get(COLLECTION).content.decode()


def test_a_job_that_prices_calls_again_tells_the_difference(project: Project, as_bia: Client, stopped_clock: datetime):
    line = {"model": "openai/gpt-4o", "old_price": "", "new_price": "own:deal", "calls": 2, "old_nano": 0}
    Job.objects.create(
        project=project,
        kind="reprice",
        arguments={"dry_run": True},
        created_at=stopped_clock,
        report={
            "seen": 4,
            "changed": 2,
            "old_nano": 0,
            "new_nano": 5_000_000,
            "lines": [{**line, "new_nano": 5_000_000}],
        },
    )
    text = as_bia.get(f"/p/{project.slug}/collection/").content.decode().replace("\xa0", " ")
    assert "2 of 4 calls would change: US$0.00 → US$0.005. Nothing was changed." in text
    assert "openai/gpt-4o, 2 calls: US$0.00 → US$0.005" in text
    assert "unpriced → own:deal" in text
