"""What a user wants watched, as a saved search; what cannot come true or be asked is refused before it is kept."""

import re
from collections.abc import Sequence
from datetime import datetime

from pipeline.alerts.conditions import check_condition, read_condition
from pipeline.alerts.signing import make_secret, read_key
from pipeline.errors import Reject, UsageError
from pipeline.model.alert import SavedSearch, Webhook
from pipeline.model.query import Query
from pipeline.ports import Alerts
from pipeline.search.grammar import parse_text
from pipeline.urls import normalise_url

#: It stands in addresses of feeds and on command lines.
_NAME = re.compile(r"[^\W_][\w.-]{0,63}")
#: How the addresses of feeds end: a search of such a name would have the address of another one's feed.
_FEED_ENDINGS = (".atom", ".json", ".xml")
_QUOTED = re.compile(r"'([^']+)'|\"([^\"]+)\"")
_SHOWN = 30  # characters of the query


def make_search(
    name: str,
    query: Query,
    *,
    when: Sequence[str],
    webhooks: Sequence[str] = (),
    secret: str | None = None,
    created_at: datetime,
) -> SavedSearch:
    """Return the saved search; its webhooks get the secret, or new ones. Raises UsageError naming what cannot be."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"the name is {name!r}; write up to 64 letters, digits, -, _ and points, a letter or digit first"
        )
    if name.lower().endswith(_FEED_ENDINGS):
        raise UsageError(f"the name is {name!r}; {', '.join(_FEED_ENDINGS)} end the addresses of feeds, not names")
    conditions = tuple(dict.fromkeys(read_condition(text) for text in when or ("any",)))
    for condition in conditions:
        check_condition(condition, query)
    if secret is not None:
        if not webhooks:
            raise UsageError("--secret signs what --webhook sends; give its address as well")
        read_key(secret)
    urls = dict.fromkeys(_read_address(url) for url in webhooks)
    return SavedSearch(
        name=name,
        query=query,
        conditions=conditions,
        webhooks=tuple(Webhook(url=url, secret=secret or make_secret()) for url in urls),
        created_at=created_at,
    )


def find_search(alerts: Alerts, name: str) -> SavedSearch | None:
    """Return the saved search of that name."""
    return next((each for each in alerts.searches() if each.name == name), None)


def no_search(*names: str) -> UsageError:
    """Return the error that says that there is no such saved search."""
    return UsageError(f"there is no saved search {', '.join(map(repr, names))}; newswire searches list shows all")


def check_text(text: str) -> None:
    """Raise UsageError where the text is no query, with the place in it."""
    try:
        parse_text(text)
    except UsageError as error:
        raise UsageError(f"{error}{_place(str(error), text)}") from error


def _place(message: str, text: str) -> str:
    """Return where what the message quotes stands in the text, nothing where it quotes nothing of it."""
    for found in _QUOTED.finditer(message):
        at = text.find(found[1] or found[2])
        if at >= 0:
            return f" (at character {at + 1} of the query: {text[at : at + _SHOWN]})"
    return ""


def _read_address(url: str) -> str:
    try:
        return normalise_url(url)
    except Reject as error:
        raise UsageError(f"--webhook: {error.detail}") from error
