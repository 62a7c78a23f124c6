"""When the next request to a host may start. Pure: whoever asks does the waiting, whoever keeps the state shares it.

No turn is given ahead of its time. So nothing is lost with a process that dies while it waits, and a live request never
queues behind turns that past work has put by.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.fetch.robots import MAX_CRAWL_DELAY
from pipeline.model.host import HostState, Turn

#: Requests of one process to one host under way at once.
CONCURRENCY = 2
#: Past work takes at most every fourth turn. So a live request finds the host free three times out of four, and else
#: waits half a delay on average: an eighth of a second at the usual delay of one second.
PAST_TURNS = 4


def ask_turn(
    state: HostState | None, now: datetime, *, delay: timedelta, is_past: bool = False
) -> tuple[Turn, HostState | None]:
    """Return when the request may start, and the host's state afterwards: changed only where the turn is taken now."""
    if state is None:
        return Turn(starts_at=now), HostState(next_at=now + delay)
    if state.closed_until and state.closed_until > now:
        return Turn(starts_at=state.closed_until, is_closed=True), state
    next_at = state.next_at
    if next_at > now + max(delay, MAX_CRAWL_DELAY):  # farther than anyone sets it: the clock was set back
        next_at = now
    starts_at = next_at + delay * (PAST_TURNS - 1) if is_past else next_at
    if starts_at > now:
        return Turn(starts_at=starts_at), state
    return Turn(starts_at=now), replace(state, next_at=now + delay)


def close_host(state: HostState | None, until: datetime) -> HostState:
    """Return the state of a host that nothing is sent to before then, as its Retry-After asks; the later of two holds."""
    if state is None:
        return HostState(next_at=until, closed_until=until)
    return replace(state, closed_until=max(until, state.closed_until or until))
