"""The state machine is Prometheus's; no data and stale are states of their own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.states.machine import Blindness, Memory, Plan, Policy, Seen, State, advance

T0 = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def play(seen: str, *, hold: int = 0, keep: int = 0, policy: Policy = Policy.KEEP) -> list[State]:
    """One letter per minute: x breached, . fine, ? no data, ~ stale. The state after each."""
    words = {"x": Seen.BREACHED, ".": Seen.FINE, "?": Seen.NO_DATA, "~": Seen.STALE}
    memory, states = Memory(), []
    plan = Plan(hold * MINUTE, keep * MINUTE, {Seen.NO_DATA: Blindness(policy)})
    for minute, letter in enumerate(seen):
        trail = advance(memory, words[letter], at=T0 + minute * MINUTE, plan=plan)
        memory = trail[-1] if trail else memory
        states.append(memory.state)
    return states


def letters(states: list[State]) -> str:
    return "".join(
        {"inactive": "i", "pending": "p", "firing": "F", "no_data": "n", "stale": "s"}[one] for one in states
    )


@pytest.mark.parametrize(
    ("seen", "hold", "keep", "states"),
    [
        ("x.", 0, 0, "Fi"),
        ("xxx", 2, 0, "ppF"),
        ("xx.xxx", 2, 0, "ppippF"),
        ("x...", 0, 2, "FFFi"),
        ("x.x...", 0, 2, "FFFFFi"),
        ("...", 1, 1, "iii"),
    ],
)
def test_for_and_keep_firing_for(seen: str, hold: int, keep: int, states: str) -> None:
    assert letters(play(seen, hold=hold, keep=keep)) == states


@pytest.mark.parametrize(
    ("seen", "policy", "states"),
    [
        ("?.", Policy.KEEP, "ni"),
        ("x??.", Policy.KEEP, "FFFi"),
        ("?x", Policy.KEEP, "nF"),
        ("x?", Policy.OK, "Fi"),
        ("?", Policy.OK, "i"),
        ("??.", Policy.ALERT, "FFi"),
        ("~x~.", Policy.ALERT, "sFFi"),
        ("x~.", Policy.OK, "FFi"),
    ],
)
def test_nobody_can_tell(seen: str, policy: Policy, states: str) -> None:
    assert letters(play(seen, policy=policy)) == states


def test_a_pending_alert_does_not_fire_while_nobody_can_tell() -> None:
    assert letters(play("x~~~x", hold=2)) == "ppppF"
    assert letters(play("x???x", hold=2)) == "ppppF"


def test_a_breach_that_fires_at_once_was_pending_first() -> None:
    trail = advance(Memory(), Seen.BREACHED, at=T0, plan=Plan())
    assert [memory.state for memory in trail] == [State.PENDING, State.FIRING]
    assert (trail[-1].active_since, trail[-1].fired_at) == (T0, T0)


@dataclass
class GoAlert:
    """A transcription of `AlertingRule.Eval` (prometheus/rules/alerting.go), for one series."""

    state: str = "absent"
    active_at: int = 0
    keep_since: int | None = None

    def keeps_firing(self, ts: int, keep: int) -> bool:
        if self.state != "firing" or keep == 0:
            return False
        if self.keep_since is None:
            self.keep_since = ts
        return ts - self.keep_since < keep

    def eval(self, true: bool, ts: int, hold: int, keep: int) -> str:
        if true and self.state in ("absent", "inactive"):
            self.state, self.active_at = "pending", ts
        if true:
            self.keep_since = None
        elif not self.keeps_firing(ts, keep):
            self.state = "absent" if self.state in ("absent", "pending") else "inactive"
            return "inactive"
        if self.state == "pending" and ts - self.active_at >= hold:
            self.state = "firing"
        return self.state


@given(
    seen=st.lists(st.booleans(), min_size=1, max_size=60),
    hold=st.integers(0, 6),
    keep=st.integers(0, 6),
)
def test_agrees_with_a_transcription_of_prometheus(seen: list[bool], hold: int, keep: int) -> None:
    reference = GoAlert()
    expected = [reference.eval(true, minute, hold, keep) for minute, true in enumerate(seen)]
    assert play("".join("x" if true else "." for true in seen), hold=hold, keep=keep) == expected


@given(seen=st.text("x.?~", min_size=1, max_size=40), policy=st.sampled_from(Policy))
def test_only_a_breach_or_a_policy_fires(seen: str, policy: Policy) -> None:
    states = play(seen, policy=policy)
    if "x" not in seen and not ("?" in seen and policy == Policy.ALERT):
        assert State.FIRING not in states
    if seen[-1] == ".":
        assert states[-1] == State.INACTIVE
