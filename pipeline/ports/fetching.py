"""What asks other people's servers, and what all processes know of them."""

from datetime import datetime, timedelta
from typing import Protocol

from pipeline.model.capture import Capture
from pipeline.model.host import RobotsFile, Turn


class Fetcher(Protocol):
    """Gets pages over HTTP, politely and safely.

    Robots, per-host spacing, size and time caps, redirects and the refusal of private addresses are all its own business.
    """

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        obey_robots: bool = True,
        max_bytes: int | None = None,
        until: datetime | None = None,
        even_if_slow: bool = False,
    ) -> Capture:
        """Return the response, whatever its status is (304 too).

        Only what a publisher offers to machines, such as its feeds and sitemaps, is fetched without asking robots.txt.
        ``max_bytes`` is a cap for this answer alone, such as a sitemap's 50 MiB. Turns at hosts that come after ``until`` are
        not waited for. What is long, and takes its time anywhere, is asked for ``even_if_slow`` the host was just now.

        Raises Reject (robots, address refused, invalid URL, too large, too many redirects) when asking again is pointless,
        and Retry (timeout, connection failure, DNS, 429 and 5xx, with the Retry-After sent) when it is not; Busy, a kind of
        Retry, where the host asked to be left alone, answers slowly, or others use up its turns, and nothing was sent.
        """
        ...


class Hosts(Protocol):
    """What all processes know of the hosts: whose turn it is, who asked to be left alone, and what their robots.txt say."""

    def ask_turn(self, host: str, now: datetime, *, delay: timedelta, is_past: bool = False) -> Turn:
        """Take the host's turn where it has come, so that the next comes ``delay`` later; else say when it comes.

        Past work that waits has every fourth turn, live requests have the others.
        """
        ...

    def close_host(self, host: str, until: datetime) -> None:
        """Give no turn at the host before then."""
        ...

    def robots_file(self, origin: str) -> RobotsFile | None:
        """Return the robots.txt that was kept for the origin, however old, or None."""
        ...

    def keep_robots_file(self, origin: str, file: RobotsFile) -> None:
        """Keep the file, instead of an older one."""
        ...
