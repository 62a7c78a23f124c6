"""What an answer means for the URL: an article may be in it, never will be, or not yet."""

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from pipeline.errors import Reject, Retry
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason

#: However long a server asks for: a longer wait is a mistake of its.
MAX_WAIT = timedelta(hours=24)

_PAGES = {"text/html", "application/xhtml+xml"}
_REASONS: Mapping[int, Reason] = {HTTPStatus.NOT_FOUND: Reason.NOT_FOUND, HTTPStatus.GONE: Reason.REMOVED}
_TEMPORARY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_HTML_START = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SNIFFED = 1024  # bytes in which a page without a content type must show itself


def judge_response(capture: Capture) -> None:
    """Return where the capture may be an article's page. Raises Reject, or Retry for what time may mend."""
    check_temporary(capture)
    if not 200 <= capture.status < 300:  # noqa: PLR2004 - the successful ones
        raise Reject(_REASONS.get(capture.status, Reason.HTTP_ERROR), f"answered {capture.status}")
    content_type = (capture.header("Content-Type") or "").partition(";")[0].strip().lower()
    is_page = content_type in _PAGES if content_type else _HTML_START.search(capture.body[:_SNIFFED])
    if not is_page:
        raise Reject(Reason.NOT_HTML, f"it is {content_type or 'of no type given'}")


def check_temporary(capture: Capture) -> None:
    """Raise Retry, with the Retry-After sent, where the status says that asking later may help (408, 425, 429, 5xx)."""
    if capture.status in _TEMPORARY or capture.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Retry(f"{capture.final_url} answered {capture.status}", after=retry_after(capture))


def retry_after(capture: Capture) -> timedelta | None:
    """Return how long Retry-After (seconds or a date) asks us to wait, at most 24 hours; None where it is not sent."""
    value = (capture.header("Retry-After") or "").strip()
    if re.fullmatch(r"\d{1,9}", value):
        return min(timedelta(seconds=int(value)), MAX_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a zone of twenty digits breaks the library
        return None
    wait = at.replace(tzinfo=at.tzinfo or UTC) - capture.fetched_at
    return min(max(wait, timedelta(0)), MAX_WAIT)
