"""What a user wants watched, as a saved search; what cannot come true or be asked is refused before it is kept."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pipeline.alerts.conditions import check_condition, read_condition
from pipeline.alerts.merges import asks_the_same
from pipeline.alerts.signing import make_secret, read_key
from pipeline.errors import Reject, UsageError
from pipeline.fetch.addresses import Network, is_address, is_refused
from pipeline.model import codec
from pipeline.model.alert import SavedSearch, Webhook
from pipeline.model.query import Query
from pipeline.ports import Alerts, Ledger
from pipeline.search.grammar import parse_text
from pipeline.urls import normalise_url

#: It stands in addresses of feeds and on command lines.
_NAME = re.compile(r"[^\W_][\w.-]{0,63}")
#: How the addresses of feeds end: a search of such a name would have the address of another one's feed.
_FEED_ENDINGS = (".atom", ".json", ".xml")
_QUOTED = re.compile(r"'([^']+)'|\"([^\"]+)\"")
_SHOWN = 30  # characters of the query
MAX_WEBHOOKS = 20  # each alert is sent to each
#: Of a query, what a saved search has no use for.
_NOT_ASKED = {"sort", "limit", "page", "with_facets", "folds_reprints", "explains"}


def make_search(
    name: str,
    query: Query,
    *,
    when: Sequence[str],
    webhooks: Sequence[str] = (),
    secret: str | None = None,
    allowed_networks: Sequence[Network] = (),
    created_at: datetime,
) -> SavedSearch:
    """Return the saved search; its webhooks get the secret, or new ones. Raises UsageError naming what cannot be.

    ``allowed_networks`` are the private ones that webhooks may reach.
    """
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
    urls = dict.fromkeys(_read_address(url, allowed_networks) for url in webhooks)
    _check_count(urls)
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


def keep_identity(
    search: SavedSearch, there: SavedSearch, ledger: Ledger, *, has_new_secret: bool = False
) -> SavedSearch:
    """Return the search as the one that was there, changed: the secrets of webhooks that stay, and if it asks the same, its age.

    Conditions of another query, and those that were not there, begin when the search was made.
    """
    known = {} if has_new_secret else {hook.url: hook for hook in there.webhooks}
    hooks = tuple(known.get(hook.url, hook) for hook in search.webhooks)
    if not asks_the_same(search, there, ledger):
        return replace(search, webhooks=hooks)
    begun = {
        each: there.begun_at(each) if each in there.conditions else search.created_at for each in search.conditions
    }
    added = {str(each): at for each, at in begun.items() if at != there.created_at}
    return replace(search, created_at=there.created_at, added_at=added, webhooks=hooks)


def keep_webhooks(search: SavedSearch, there: SavedSearch) -> SavedSearch:
    """Return the search with the webhooks of the one that was there before its own. Raises UsageError where they are too many."""
    hooks = tuple(dict.fromkeys((*there.webhooks, *search.webhooks)))
    _check_count(hooks)
    return replace(search, webhooks=hooks)


def add_webhook(
    search: SavedSearch, url: str, secret: str | None = None, *, allowed_networks: Sequence[Network] = ()
) -> tuple[SavedSearch, Webhook]:
    """Return the search with the webhook, and that; one that was there gets the secret, or a new one. Raises UsageError."""
    if secret is not None:
        read_key(secret)
    hook = Webhook(url=_read_address(url, allowed_networks), secret=secret or make_secret())
    hooks = (*(each for each in search.webhooks if each.url != hook.url), hook)
    _check_count(hooks)
    return replace(search, webhooks=hooks), hook


def drop_webhook(search: SavedSearch, url: str) -> SavedSearch:
    """Return the search without the webhook of that address."""
    return replace(search, webhooks=tuple(each for each in search.webhooks if each.url != url))


def query_json(query: Query) -> dict[str, Any]:
    """Return what a saved search asks, as JSON has it."""
    return {key: value for key, value in codec.to_json(query).items() if value and key not in _NOT_ASKED}


def describe_query(query: Query) -> str:
    """Return what a saved search asks, in words."""
    form = query_json(query)
    text = form.pop("text", "")
    others = [f"{key.replace('_', ' ')}: {_describe_value(value)}" for key, value in form.items()]
    return "; ".join(filter(None, [text, *others])) or "everything"


def _describe_value(value: object) -> str:
    match value:
        case dict():
            return ",".join(map(str, value.values()))
        case list() | tuple():
            return ", ".join(map(str, value))
    return "yes" if value is True else str(value)


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


def _read_address(url: str, allowed_networks: Sequence[Network]) -> str:
    """Return the address. Raises UsageError for none, and for one that says itself that nothing would ever be delivered to it.

    What a name leads to is asked at each delivery: it may change.
    """
    try:
        address = normalise_url(url)
    except Reject as error:
        raise UsageError(f"--webhook: {error.detail}") from error
    host = urlsplit(address).hostname or ""
    ip = "127.0.0.1" if host == "localhost" else host
    if is_address(ip) and is_refused(ip, allowed_networks):
        raise UsageError(
            f"--webhook: {host} is no public address, and nothing would be delivered to it; "
            "NEWSWIRE_WEBHOOK_NETWORKS names the private networks that webhooks may reach"
        )
    return address


def _check_count(webhooks: Collection[object]) -> None:
    if len(webhooks) > MAX_WEBHOOKS:
        raise UsageError(f"--webhook: the search would have {len(webhooks)} webhooks; at most {MAX_WEBHOOKS}")
