"""robots.txt after RFC 9309: what it allows us, and how long it may be believed."""

import re
from datetime import datetime, timedelta
from http import HTTPStatus

from protego import Protego

from pipeline.model.capture import Capture
from pipeline.model.host import RobotsFile

#: The product token that robots.txt files know us by.
AGENT = "Newswire"
#: The RFC's least size that must be read.
MAX_BYTES = 500 * 1024
MAX_AGE = timedelta(hours=24)
#: How long a host is left alone whose robots.txt could not be had.
CLOSED_FOR = timedelta(minutes=10)
#: Some files ask for hours, and a batch must come to its end within its lease.
MAX_CRAWL_DELAY = timedelta(seconds=10)
#: Of our group, the first; more fit into MAX_BYTES only where a line is shorter than 26 bytes on average.
MAX_RULES = 20_000

#: The lines that we read, as Protego spells them; a rule of a spelling that it does not know is none.
_LINE = re.compile(
    r"(?:(?P<agent>user[- ]?agent)"
    r"|(?P<rule>allow|disallow|dissallow|dissalow|disalow|diasllow|disallaw|crawl[- ]delay)"
    r"|(?P<sitemap>site-?map|sitemaps))"
    r"(?:\s*:|\s|$)\s*(?P<value>.*)",
    re.IGNORECASE,
)
#: The product token that such a line begins with, or everyone; a version behind it is passed over.
_TOKEN = re.compile(r"[a-z_-]+|\*$")


class Robots:
    """One host's rules. Where it is closed, nothing is allowed, but only until ``expires_at``."""

    def __init__(self, file: RobotsFile) -> None:
        """Read the file's rules; what is no rule in it is passed over."""
        self.file = file
        self._rules = Protego.parse(_select_ours(file.text))

    @property
    def expires_at(self) -> datetime:
        """When the file must be asked for again."""
        return self.file.expires_at

    @property
    def is_closed(self) -> bool:
        """Tell whether the file could not be had."""
        return self.file.is_closed

    def allows(self, url: str) -> bool:
        """Tell whether the rules let us fetch the URL."""
        return bool(self._rules.can_fetch(url, AGENT))

    @property
    def crawl_delay(self) -> timedelta:
        """The time between two requests that the host asks for, at most 10 seconds; none where it asks for none."""
        asked = self._rules.crawl_delay(AGENT) or 0.0
        # Compared as a number: one of three hundred digits is no time at all.
        return timedelta(seconds=asked) if 0 <= asked <= MAX_CRAWL_DELAY.total_seconds() else MAX_CRAWL_DELAY

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps listed."""
        return tuple(self._rules.sitemaps)


def read_robots(capture: Capture) -> Robots:
    """Return the rules that the answer gives: a 4xx allows everything, a 5xx or 429 closes the host for a while."""
    if capture.status >= HTTPStatus.INTERNAL_SERVER_ERROR or capture.status == HTTPStatus.TOO_MANY_REQUESTS:
        return closed_robots(capture.fetched_at)
    text = _text(capture.body) if capture.status == HTTPStatus.OK else ""
    return Robots(RobotsFile(text=text, expires_at=capture.fetched_at + _lifetime(capture)))


def closed_robots(now: datetime) -> Robots:
    """Return what holds for a while where robots.txt could not be fetched at all."""
    return Robots(RobotsFile(text="", expires_at=now + CLOSED_FOR, is_closed=True))


def open_robots(now: datetime) -> Robots:
    """Return what holds where the host has no robots.txt that can ever be had, such as one that redirects for ever."""
    return Robots(RobotsFile(text="", expires_at=now + MAX_AGE))


def _select_ours(text: str) -> str:
    """Return the rules for us as one group for everyone, and the sitemaps: in one pass, since Protego multiplies.

    It gives each rule to each agent of the group: 18,000 agents and 32,000 rules, which 500 KiB hold, fill any memory. After
    RFC 9309, 2.2.1, groups that name the same agent are one, and everyone's counts only where none names us; after 2.2.4, a
    line that is neither agent nor rule, such as a sitemap, ends no group.
    """
    rules: dict[str, list[str]] = {"*": []}
    sitemaps: list[str] = []
    agents: set[str] = set()
    has_rules = False
    for line in text.splitlines():
        directive = line.partition("#")[0].strip()
        read = _LINE.match(directive)
        if read is None:
            continue
        if read["sitemap"]:
            sitemaps.append(directive)
        elif read["rule"]:
            has_rules = True
            for agent in agents:
                rules[agent].append(directive)
        else:
            if has_rules:
                agents, has_rules = set(), False
            named = _TOKEN.match(read["value"].lower())
            if named and named[0] in {AGENT.lower(), "*"}:
                agents.add(named[0])
                rules.setdefault(named[0], [])
    ours = rules.get(AGENT.lower(), rules["*"])
    return "\n".join(["User-agent: *", *ours[:MAX_RULES], *sitemaps])


def _text(body: bytes) -> str:
    """Return the file up to its last whole line within the limit."""
    if len(body) > MAX_BYTES:
        body = body[:MAX_BYTES].rpartition(b"\n")[0]
    return body.decode("utf-8-sig", errors="replace")


def _lifetime(capture: Capture) -> timedelta:
    max_age = re.search(r"max-age=(\d{1,9})", capture.header("Cache-Control") or "", re.IGNORECASE)
    # Not less than what an unreachable one gets: a max-age of 0 would double every request.
    return max(CLOSED_FOR, min(timedelta(seconds=int(max_age[1])), MAX_AGE)) if max_age else MAX_AGE
