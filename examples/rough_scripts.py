"""What a rough web answers: each kind of address by a script that says what its visits get, and how it must end.

A script is what the first visit gets, the second, and so on; the last goes on for ever.
"""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from examples.press import HTML, Story
from pipeline.model.fate import Reason

FORBIDDEN = "/private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a visit gets; ``length`` is what Content-Length claims, None: the truth."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": HTML})
    body: bytes = b""
    length: int | None = None
    #: Seconds between two pieces of the body.
    drip: float = 0.0
    #: Nothing is sent at all, and the connection stays open.
    is_silent: bool = False
    #: The connection is cut by a reset after half of the body.
    is_reset: bool = False
    #: It is the last one: from now on the host refuses connections.
    is_farewell: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An address of this web, and what is printed there."""

    number: int
    #: Whose feed announces it.
    host: str
    kind: str
    origin: str
    #: Which one of its feed's it is, from 0.
    place: int
    published_at: datetime
    #: When its feed shows it first, in seconds since the web opened.
    shown_after: float

    @property
    def url(self) -> str:
        """The address."""
        folder = FORBIDDEN if SCRIPTS[self.kind].is_forbidden else ""
        return f"{self.origin}{folder}/{self.kind.replace(' ', '-')}/{self.number}"

    def story(self, *, is_corrected: bool = False) -> str:
        """Return the page's HTML, for a story that no other address tells."""
        html = self._told.html
        return _correct(html) if is_corrected else html

    def headline(self, *, is_corrected: bool = False) -> str:
        """Return the headline."""
        headline = self._told.headline
        return _correct(headline) if is_corrected else headline

    def text(self, *, is_corrected: bool = False) -> str:
        """Return what stands below the headline, a blank line between paragraphs."""
        text = "\n\n".join(self._told.paragraphs)
        return _correct(text) if is_corrected else text

    @property
    def is_corrected(self) -> bool:
        """Tell whether its last visitor sees it after a correction."""
        return SCRIPTS[self.kind].visits[-1] is corrected

    @property
    def _told(self) -> Story:
        return Story(number=self.number, published_at=self.published_at)


def _correct(said: str) -> str:
    return said.replace("Report", "Corrected report").replace("The council will vote", "The council has voted")


Step = Callable[[Page], Answer]


def as_it_is(page: Page) -> Answer:
    """Send the page."""
    return Answer(body=page.story().encode())


def corrected(page: Page) -> Answer:
    """Send the page after a correction."""
    return Answer(body=page.story(is_corrected=True).encode())


def silence(_: Page) -> Answer:
    """Send nothing."""
    return Answer(is_silent=True)


def reset(page: Page) -> Answer:
    """Send half of the page, then a reset."""
    return Answer(body=page.story().encode(), is_reset=True)


def farewell(page: Page) -> Answer:
    """Send a reset, and answer no more."""
    return replace(reset(page), is_farewell=True)


def slow(page: Page) -> Answer:
    """Send the page in pieces, over some seconds."""
    return replace(as_it_is(page), drip=0.2)


def endless(page: Page) -> Answer:
    """Send a page that would take a quarter of an hour."""
    return replace(as_it_is(page), drip=60.0)


def cut_gzip(page: Page) -> Answer:
    """Send a compressed page without its end."""
    body = gzip.compress(page.story().encode())
    return Answer(headers={"Content-Type": HTML, "Content-Encoding": "gzip"}, body=body[: len(body) // 2])


def false_gzip(page: Page) -> Answer:
    """Send a page that is called compressed, and is not."""
    return Answer(headers={"Content-Type": HTML, "Content-Encoding": "gzip"}, body=page.story().encode())


def too_long(page: Page) -> Answer:
    """Send a page that ends before the length that it claims."""
    answer = as_it_is(page)
    return replace(answer, length=len(answer.body) + 1000)


def too_short(page: Page) -> Answer:
    """Send a page that goes on, by blanks, after the length that it claims."""
    answer = as_it_is(page)
    return replace(answer, length=len(answer.body), body=answer.body + b" " * 100)


def no_charset(page: Page) -> Answer:
    """Send a page that says its encoding in the head, and its server another one."""
    return Answer(headers={"Content-Type": "text/html; charset=iso-8859-1"}, body=page.story().encode())


def false_charset(page: Page) -> Answer:
    """Send a page of Windows-1252 that its server calls UTF-8, as does its own head."""
    return Answer(body=page.story().encode("cp1252", errors="replace"))


def refuse(code: int, **headers: str) -> Answer:
    """Return an answer of this status that says nothing; an underscore in a header's name stands for a hyphen."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=code, headers={"Content-Type": HTML, **names}, body=b"<p>No.</p>")


def status(code: int, **headers: str) -> Step:
    """Return the step that answers with this status."""
    answer = refuse(code, **headers)
    return lambda _: answer


def document(_: Page) -> Answer:
    """Send something that is no page."""
    return Answer(headers={"Content-Type": "application/pdf"}, body=b"%PDF-1.7 none")


def loop(page: Page) -> Answer:
    """Redirect to itself."""
    return Answer(status=302, headers={"Location": page.url})


def maze(page: Page) -> Answer:
    """Redirect to where the next redirect leads ever farther."""
    return Answer(status=302, headers={"Location": f"{page.url}/on"})


def script_shell(_: Page) -> Answer:
    """Send a page that only a browser can fill."""
    return Answer(body=b'<!doctype html><div id="root"></div><script src="/app.js"></script>')


def huge(_: Page) -> Answer:
    """Send more than anyone reads."""
    return Answer(body=b"<p>" + b"x" * (10 * 1024 * 1024 + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the visits get, and how the address may end; several reasons where it depends on when the visits come."""

    #: Of a thousand addresses, at least one of all; the rest are plain.
    share: int
    visits: tuple[Step, ...]
    ends: frozenset[Reason]
    #: Whether the feed announces a change once the page was visited.
    is_announced_again: bool = False
    #: Whether robots.txt forbids it.
    is_forbidden: bool = False
    #: Whether it is on a host that refuses connections once one of its pages was asked for.
    is_deserted: bool = False

    @property
    def is_indexed(self) -> bool:
        """Tell whether the index has a document of it in the end."""
        return Reason.NEW in self.ends


def _script(
    share: int, *visits: Step, end: Reason = Reason.NEW, more: tuple[Reason, ...] = (), **flags: bool
) -> Script:
    return Script(share=share, visits=visits, ends=frozenset({end, *more}), **flags)


_AGAIN = (Reason.NEW_VERSION, Reason.SAME_CONTENT)  # by whether the visit before was settled in time
SCRIPTS: Mapping[str, Script] = {
    "plain": _script(0, as_it_is),
    "silent once": _script(10, silence, as_it_is),
    "silent always": _script(5, silence, end=Reason.UNREACHABLE),
    "reset once": _script(30, reset, as_it_is),
    "reset always": _script(10, reset, end=Reason.UNREACHABLE),
    "slow": _script(20, slow),
    "slow without end": _script(1, endless, end=Reason.UNREACHABLE),
    "gzip cut once": _script(30, cut_gzip, as_it_is),
    "gzip cut always": _script(10, cut_gzip, end=Reason.UNREACHABLE),
    "gzip claimed": _script(10, false_gzip, end=Reason.UNREACHABLE),
    "length too long once": _script(30, too_long, as_it_is),
    "length too long always": _script(10, too_long, end=Reason.UNREACHABLE),
    "length too short": _script(20, too_short, end=Reason.UNREACHABLE),  # what follows it is no HTTP
    "charset of the server wrong": _script(20, no_charset),
    "charset of both wrong": _script(20, false_charset),
    "429 with Retry-After": _script(10, status(429, Retry_After="3"), as_it_is),
    "429 without": _script(2, status(429), as_it_is),
    "429 always": _script(4, status(429, Retry_After="1"), end=Reason.UNREACHABLE),
    "connection refused": _script(4, farewell, end=Reason.UNREACHABLE, is_deserted=True),
    "503 with Retry-After": _script(10, status(503, Retry_After="2"), as_it_is),
    "503 without": _script(20, status(503), as_it_is),
    "503 always": _script(10, status(503), end=Reason.UNREACHABLE),
    "not found": _script(20, status(404), end=Reason.NOT_FOUND),
    "gone": _script(20, status(410), end=Reason.REMOVED),
    "forbidden": _script(10, status(403), end=Reason.HTTP_ERROR),
    "no page": _script(10, document, end=Reason.NOT_HTML),
    "redirects to itself": _script(10, loop, end=Reason.TOO_MANY_REDIRECTS),
    "redirects for ever": _script(10, maze, end=Reason.TOO_MANY_REDIRECTS),
    "script shell": _script(20, script_shell, end=Reason.SCRIPT_SHELL),
    "huge": _script(1, huge, end=Reason.TOO_LARGE),
    "private": _script(20, as_it_is, end=Reason.ROBOTS, is_forbidden=True),
    "corrected": _script(30, as_it_is, corrected, more=_AGAIN, is_announced_again=True),
    "renamed in the feed alone": _script(30, as_it_is, more=_AGAIN, is_announced_again=True),
}
