"""The alerts of a search as Atom (RFC 4287) and as JSON Feed 1.1, for any feed reader."""

import json
import re
from collections.abc import Sequence
from html import escape

from feedgenerator import Atom1Feed

from pipeline.alerts.delivery import alert_json
from pipeline.model.alert import Alert, ConditionKind, SavedSearch
from pipeline.urls import is_web_address

JSON_FEED = "https://jsonfeed.org/version/1.1"
#: Alerts in a feed; readers ask more often than so many come.
SIZE = 100
#: What XML 1.0 cannot say, and a page can.
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_atom(search: SavedSearch, alerts: Sequence[Alert], address: str, page: str) -> str:
    """Return the feed as XML; ``address`` is its own, ``page`` that of the search for people."""
    feed = Atom1Feed(
        title=_title(search),
        link=page,
        description=None,
        feed_url=address,
        feed_guid=_search_urn(search),
        author_name="Newswire",
    )
    for alert in alerts:
        feed.add_item(
            title=_speakable(_headline(alert)),
            link=_link(alert) or page,
            description=escape(_speakable(_summary(alert))),
            unique_id=_alert_urn(alert),
            pubdate=alert.at,
            updateddate=alert.at,
            author_name=_speakable(alert.shown.publisher) if alert.shown else None,
            categories=[str(alert.condition)],
        )
    if not alerts:
        feed.latest_post_date = lambda: search.created_at  # else it is now, at each reading another
    return str(feed.writeString("utf-8"))


def write_json_feed(search: SavedSearch, alerts: Sequence[Alert], address: str, page: str) -> str:
    """Return the feed as JSON; the addresses as above. What an alert says besides is in ``_newswire`` of its item."""
    form = {
        "version": JSON_FEED,
        "title": _title(search),
        "home_page_url": page,
        "feed_url": address,
        "items": [_item(alert) for alert in alerts],
    }
    return _speakable(json.dumps(form, ensure_ascii=False))  # which has escaped all but halves of characters


def _item(alert: Alert) -> dict[str, object]:
    item: dict[str, object] = {
        "id": _alert_urn(alert),
        "title": _headline(alert),
        "content_text": _summary(alert),
        "date_published": alert.at.isoformat(),
        "tags": [str(alert.condition)],
        "_newswire": alert_json(alert),
    }
    if alert.shown:
        item |= {"authors": [{"name": alert.shown.publisher}], "language": alert.shown.language}
    if link := _link(alert):
        item["url"] = link
    return item


def _title(search: SavedSearch) -> str:
    return f"Newswire: {search.name}"


def _headline(alert: Alert) -> str:
    return alert.shown.headline if alert.shown else alert.said


def _summary(alert: Alert) -> str:
    if alert.shown is None:
        return alert.said
    is_plain = alert.condition.kind is ConditionKind.ANY
    return alert.shown.sentence if is_plain else f"{alert.said}: {alert.shown.sentence}"


def _link(alert: Alert) -> str | None:
    """Return the article's address, which a reader follows: nothing but http and https."""
    return alert.shown.url if alert.shown and is_web_address(alert.shown.url) else None


def _alert_urn(alert: Alert) -> str:
    return f"urn:newswire:alert:{alert.id}"


def _search_urn(search: SavedSearch) -> str:
    return f"urn:newswire:search:{int(search.created_at.timestamp())}:{search.name.encode().hex()}"


def _speakable(text: str) -> str:
    return _UNSPEAKABLE.sub("", text)
