"""When the next request to a host may start. Pure: whoever asks does the waiting, whoever keeps the state shares it.

No turn is given ahead of its time. So little is lost with a process that dies while it waits, and a live request never
queues behind turns that past work has put by, but for the one that is past work's after three live ones.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.fetch.robots import MAX_CRAWL_DELAY
from pipeline.model.host import HostState, Turn

#: Requests of one process to one host under way at once.
CONCURRENCY = 2
#: Past work takes every fourth turn, also where live requests take the three between. So a live request finds the host free
#: three times out of four, and else waits half a delay on average: an eighth of a second at the usual delay of one second.
PAST_TURNS = 4


def ask_turn(
    state: HostState | None, now: datetime, *, delay: timedelta, is_past: bool = False
) -> tuple[Turn, HostState | None]:
    """Return when the request may start, and the host's state afterwards, where the turn is taken now or past work waits."""
    if state is None:
        return Turn(starts_at=now), HostState(next_at=now + delay)
    if state.closed_until and state.closed_until > now:
        return Turn(starts_at=state.closed_until, is_closed=True), state
    next_at = state.next_at
    if next_at > now + max(delay, MAX_CRAWL_DELAY):  # farther than anyone sets it: the clock was set back
        next_at = now
    left = state.live_turns_left
    if is_past:
        left = PAST_TURNS - 1 if left is None else left
        starts_at = next_at + delay * left  # a turn that nobody takes in its time counts as taken
        after = None
    else:  # past work that does not come for its turn, such as of a process that died, loses it
        starts_at = next_at + delay if left == 0 else next_at
        after = left - 1 if left else None
    if starts_at <= now:
        return Turn(starts_at=now), replace(state, next_at=now + delay, live_turns_left=after)
    return Turn(starts_at=starts_at), replace(state, live_turns_left=left)


def close_host(state: HostState | None, until: datetime) -> HostState:
    """Return the state of a host that nothing is sent to before then, as its Retry-After asks; the later of two holds."""
    if state is None:
        return HostState(next_at=until, closed_until=until)
    return replace(state, closed_until=max(until, state.closed_until or until))
