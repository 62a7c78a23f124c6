"""Live work goes first: what past work does before each piece of its own.

A lower priority of the process alone does not do it: Linux shares a processor by session and by container before it looks
at priorities, and a live item passes through half a dozen processes.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from pipeline.ports import Clock, Ledger

#: Longest that past work waits before each piece: where live work never ends, it goes on all the same, at a crawl.
PATIENCE = timedelta(seconds=5)
#: Seconds between two looks; one takes about a millisecond.
STEP = 0.1


def give_way(ledger: Ledger, clock: Clock, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return as soon as no live entry waits or is under way, or when patience ends."""
    until = clock.now() + PATIENCE
    while (now := clock.now()) < until and ledger.has_live_work(now):
        sleep(STEP)
