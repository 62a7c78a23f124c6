"""How the feeds and the robots.txt files of a rough web fail: each host's by the ways that it was dealt.

A way is asked with one request, the first has the number 0, and returns what is sent.
"""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from examples.rough_scripts import FORBIDDEN, Answer, Page, refuse

FEED, MOVED_FEED = "/feed.xml", "/news.xml"
ROBOTS_FILE, MOVED_ROBOTS_FILE = "/robots.txt", "/rules.txt"
_RSS = "application/rss+xml; charset=utf-8"
#: One poll of so many fails, and never one of the first: a feed that has not answered yet is asked again after twenty minutes.
_FAILS_EVERY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for a feed or a robots.txt; those for its first and for its second address are counted apart."""

    number: int
    origin: str
    path: str
    #: What If-None-Match says.
    etag: str | None = None
    #: What a feed shows by now: each page, and whether it is announced as changed.
    shown: tuple[tuple[Page, bool], ...] = ()


Way = Callable[[Request], Answer]


def feed(request: Request) -> Answer:
    """Send the feed as it should be."""
    entries = "".join(
        f"<item><title>{page.headline(is_corrected=is_again)}</title><link>{page.url}</link><guid>{page.url}</guid></item>"
        for page, is_again in request.shown
    )
    head = f"<title>Rough</title><link>{request.origin}/</link>"
    body = f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{entries}</channel></rss>'.encode()
    return Answer(headers={"Content-Type": _RSS}, body=body)


def _flickering(request: Request) -> Answer:
    """Show one half of the entries, then the other."""
    return feed(replace(request, shown=tuple(e for e in request.shown if e[0].place % 2 == request.number % 2)))


def _changing_etag(request: Request) -> Answer:
    answer = feed(request)
    return replace(answer, headers={**answer.headers, "ETag": f'"{request.number}"'})


def _conditional(request: Request) -> Answer:
    """Send the feed to those alone who do not have it."""
    answer = feed(request)
    headers = {**answer.headers, "ETag": f'"{hashlib.sha256(answer.body).hexdigest()}"'}
    if request.etag == headers["ETag"]:
        return Answer(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return replace(answer, headers=headers)


def _slow(request: Request) -> Answer:
    return replace(feed(request), drip=0.1)


def _false_charset(request: Request) -> Answer:
    """Send Windows-1252, and call it UTF-8."""
    answer = feed(request)
    return replace(answer, body=answer.body.decode().encode("cp1252"))


def _cut_gzip(request: Request) -> Answer:
    answer = feed(request)
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return replace(answer, headers=headers, body=gzip.compress(answer.body)[:-20])


def _reset(request: Request) -> Answer:
    return replace(feed(request), is_reset=True)


def _moved(request: Request) -> Answer:
    """Send elsewhere: for now at first, then for good."""
    if request.path == MOVED_FEED:
        return feed(request)
    code = HTTPStatus.MOVED_PERMANENTLY if request.number else HTTPStatus.FOUND
    return refuse(code, Location=f"{request.origin}{MOVED_FEED}")


def _at_times(fault: Way) -> Way:
    """Return the way that has the fault now and then, and sends the feed as it should be else."""

    def answer(request: Request) -> Answer:
        return (fault if request.number % _FAILS_EVERY == _FAILS_EVERY - 1 else feed)(request)

    return answer


FEEDS: Mapping[str, Way] = {
    "steady": feed,
    "flickering": _flickering,
    "changing ETag": _changing_etag,
    "conditional": _conditional,
    "slow": _slow,
    "false charset": _false_charset,
    "moved": _moved,
    "failing": _at_times(lambda _: refuse(HTTPStatus.SERVICE_UNAVAILABLE)),
    "limited": _at_times(lambda _: refuse(HTTPStatus.TOO_MANY_REQUESTS, Retry_After="2")),
    "cut gzip": _at_times(_cut_gzip),
    "reset": _at_times(_reset),
}


def rules(_: Request) -> Answer:
    """Send the robots.txt as it should be."""
    body = f"User-agent: *\nDisallow: {FORBIDDEN}\n".encode()
    return Answer(headers={"Content-Type": "text/plain"}, body=body)


def _slow_rules(request: Request) -> Answer:
    return replace(rules(request), drip=0.1)


def _moved_rules(request: Request) -> Answer:
    if request.path == MOVED_ROBOTS_FILE:
        return rules(request)
    return refuse(HTTPStatus.MOVED_PERMANENTLY, Location=f"{request.origin}{MOVED_ROBOTS_FILE}")


def _failing_rules(request: Request) -> Answer:
    return rules(request) if request.number else refuse(HTTPStatus.SERVICE_UNAVAILABLE)


def _reset_rules(request: Request) -> Answer:
    return replace(rules(request), is_reset=request.number == 0)


#: Those of failed visits of robots.txt; nothing is asked of such a host for ten minutes (pipeline/fetch/robots.py).
CLOSING: Mapping[str, Way] = {"failing at first": _failing_rules, "reset at first": _reset_rules}
ROBOTS: Mapping[str, Way] = {**CLOSING, "slow": _slow_rules, "moved": _moved_rules, "steady": rules}
#: How many of twenty hosts have each.
ROBOTS_SHARES: Mapping[str, int] = {"failing at first": 1, "reset at first": 1, "slow": 2, "moved": 2, "steady": 14}
