"""Times taken together are the times taken one by one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitoring.ingest.codes import Fault
from monitoring.ingest.moments import MANY, SECONDS_BELOW, moment_us, moments_us

NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e12, 1e15)
    | st.floats(1.7e9, 1.9e9)
    | st.floats(1.7e12, 1.9e12)
)
TIMES = NUMBERS | st.integers() | st.datetimes(timezones=st.just(None)).map(lambda moment: moment.isoformat() + "Z")


@given(st.lists(NUMBERS, max_size=3).map(lambda times: times * MANY) | st.lists(TIMES))
@example([SECONDS_BELOW, SECONDS_BELOW - 1, -0.0] * MANY)
@example([0.0000005, 0.0000015] * MANY)
@example([1e15, -1e12] * MANY)
def test_together_as_one_by_one(times):
    assert moments_us(times) == [moment_us(ts) for ts in times]


@given(st.lists(st.none() | st.text() | TIMES))
def test_one_that_says_no_time_is_a_fault_of_all(times):
    try:
        expected = list(map(moment_us, times))
    except Fault:
        with pytest.raises(Fault):
            moments_us(times)
    else:
        assert moments_us(times) == expected
