"""The process behind `Guardian`: reads group ids until its pipe closes, then ends those groups."""

import os
import signal
import sys
import threading
import time

from cloud.local.processes import end_group, has_ended


def main() -> None:
    """Wait for the parent to go, then end what it started."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, float] = {}
    for line in sys.stdin:
        group, *grace = line.split()
        if grace:
            groups[int(group)] = float(grace[0])
        else:
            groups.pop(-int(group), None)
    for group in groups:
        try:
            os.kill(group, signal.SIGTERM)  # the leader first: it may want to save before its workers go
        except (ProcessLookupError, PermissionError):
            continue
    threads = [threading.Thread(target=_end, args=each) for each in groups.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _end(group: int, grace: float) -> None:
    deadline = time.monotonic() + grace
    while not has_ended(group) and time.monotonic() < deadline:
        time.sleep(0.1)
    end_group(group, grace=2.0)


if __name__ == "__main__":
    main()
