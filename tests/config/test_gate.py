"""The gate between preparing and answering."""

import threading

from config.supervise.gate import closed, pass_through

HANG = 60


def test_nobody_passes_a_closed_gate_and_everybody_an_open_one(tmp_path):
    waiting = [threading.Thread(target=pass_through, args=(tmp_path,)) for _ in range(3)]
    with closed(tmp_path):
        for thread in waiting:
            thread.start()
        waiting[0].join(0.2)
        assert all(thread.is_alive() for thread in waiting)
    for thread in waiting:
        thread.join(HANG)
    assert not any(thread.is_alive() for thread in waiting)
    pass_through(tmp_path)
