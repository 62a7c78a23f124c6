"""What is known of a host: when the next request may start, and what its robots.txt said."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What all processes together remember of the requests to one host."""

    #: No request starts before.
    next_at: datetime
    #: The host asked to be left alone until then.
    closed_until: datetime | None = None
    #: So many turns live requests may take before one is past work's, which waits; None: no past work waits.
    live_turns_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The answer to whoever wants to send a request to a host."""

    #: When it may start. The turn is taken where that is not later than the time given; else it is nobody's yet.
    starts_at: datetime
    #: The host asked to be left alone until ``starts_at``.
    is_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """A robots.txt as it was read. A closed host's could not be had: nothing is allowed until ``expires_at``."""

    text: str
    expires_at: datetime
    is_closed: bool = False
