"""Answers that whoever has them already need not be sent again (RFC 9110, section 13)."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus

from fastapi import Request, Response
from starlette.datastructures import Headers


def answer_unless_known(request: Request, content: str, media_type: str, changed_at: datetime) -> Response:
    """Return the content with its ETag and time of change, or status 304 where the asker has it."""
    body, changed_at = content.encode(), changed_at.astimezone(UTC).replace(microsecond=0)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Last-Modified": format_datetime(changed_at, usegmt=True), "Cache-Control": "no-cache"}
    if is_known(request.headers, tag, changed_at):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def is_known(asked: Headers, tag: str, changed_at: datetime) -> bool:
    """Tell whether the asker has what is so tagged; a time is asked only where no tag is, which is finer."""
    if (tags := asked.get("if-none-match")) is not None:
        return tags.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in tags.split(",")}
    try:
        since = parsedate_to_datetime(asked.get("if-modified-since", ""))
    # None, or none that can be read, such as one with an offset of many digits: as if it were not there.
    except (ValueError, OverflowError):
        return False
    return changed_at <= (since if since.tzinfo else since.replace(tzinfo=UTC))
