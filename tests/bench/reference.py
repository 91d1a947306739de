"""What times are measured against: a loop of a hundred thousand turns, some milliseconds of plain Python."""

from __future__ import annotations

import time


def loop_s() -> float:
    """Seconds of CPU that the loop takes now."""
    began = time.process_time()
    total = 0
    for n in range(100_000):
        total += n & 3
    return time.process_time() - began
