"""A child of the supervisor: how soon it is started again."""

import time

from config.supervise.child import Child, Plan


def waits(command: list[str], *, times: int, kill: bool) -> list[float]:
    """The seconds until the next start, death after death."""
    child, found = Child(Plan("child", command)), []
    for _ in range(times):
        child.start()
        assert child.process is not None
        if kill:
            child.process.kill()
        child.process.wait()
        assert child.reap()
        found.append(child.due - time.monotonic())
    return found


def test_who_is_killed_again_and_again_is_due_within_2_seconds_each_time():
    found = waits(["sleep", "60"], times=8, kill=True)
    assert found[0] < 0.3
    assert max(found) < 2


def test_what_fails_by_itself_is_started_more_and_more_rarely():
    found = waits(["false"], times=9, kill=False)
    assert found[0] < 0.3
    assert found == sorted(found)
    assert 20 < found[-1] <= 30
