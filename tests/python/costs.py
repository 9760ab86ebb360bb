"""What something costs, as a ratio in one run: machines are shared, and no time is a promise."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["cost"]


def cost(work: Callable[[], object], times: int = 3) -> float:
    """Processor time of this process with all its threads, in seconds: the least of some tries."""

    def one() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(one() for _ in range(times))
