"""When the next request to a host may start. A state machine on given monotonic times; whoever asks does the waiting."""

from dataclasses import dataclass

#: Requests to one host under way at once.
CONCURRENCY = 2


@dataclass(slots=True)
class _Host:
    delay: float
    next_start: float = float("-inf")
    closed_until: float = float("-inf")


class Politeness:
    """Spaces the requests to each host and keeps away from hosts that asked for it. All times are monotonic seconds."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._hosts: dict[str, _Host] = {}

    def reserve(self, host: str, now: float) -> float:
        """Return when the next request may start, and count it as started then."""
        state = self._host(host)
        start = max(now, state.next_start)
        state.next_start = start + state.delay
        return start

    def slow_down(self, host: str, delay: float) -> None:
        """Space the requests reserved from now on by this delay, as a crawl-delay asks; never by less than our own."""
        self._host(host).delay = max(delay, self._delay)

    def close(self, host: str, until: float) -> None:
        """Send nothing to the host before then, as its Retry-After asks."""
        state = self._host(host)
        state.closed_until = max(state.closed_until, until)

    def closed_for(self, host: str, now: float) -> float:
        """Return for how many seconds yet nothing may be sent to the host; 0 where it is open."""
        return max(self._host(host).closed_until - now, 0.0)

    def _host(self, host: str) -> _Host:
        return self._hosts.setdefault(host, _Host(self._delay))
