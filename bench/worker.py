"""One drain worker, as a process: `python -m bench.worker` drains until it is told to stop, or once to empty."""

import os
import signal
import sys
import time

import django


def main() -> None:
    """With `once` it drains to empty and prints events and seconds; otherwise it drains until SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from lib.clock import now  # noqa: PLC0415 - after setup
    from monitoring.drain import drain, drain_until_empty  # noqa: PLC0415 - after setup

    if "once" in sys.argv:
        started, cpu = time.perf_counter(), time.process_time()
        summary = drain_until_empty(now=now())
        print(summary.written, time.perf_counter() - started, time.process_time() - cpu)
        return
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    while running:
        if not drain(now=now()).seen:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
