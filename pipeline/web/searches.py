"""Saved searches and what they noticed, as pages and as feeds; searches and their webhooks are added and removed by forms."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from pipeline.alerts.feeds import SIZE, write_atom, write_json_feed
from pipeline.alerts.merges import follow_merges
from pipeline.alerts.searches import (
    add_webhook,
    check_text,
    describe_query,
    drop_webhook,
    find_search,
    keep_identity,
    keep_webhooks,
    make_search,
)
from pipeline.alerts.trial import Trial, prepare_search, try_search
from pipeline.errors import StoreUnavailable, StoreUnusable, UsageError
from pipeline.fetch.addresses import Network
from pipeline.model.alert import Alert, SavedSearch, Webhook
from pipeline.ports import Clock, Ledger, SearchStore
from pipeline.stories.lookup import follow_story
from pipeline.web.address import KNOWN, Address, check_parameters, query_address, read_address, saved_query
from pipeline.web.conditional import answer_unless_known
from pipeline.web.forms import Form, SentForm, keep_token, make_token, read_field, read_form
from pipeline.web.render import METHODS, Pages, mount_path, say_on_page

log = logging.getLogger(__name__)

PATH = "/searches"
#: What the form offers; other times are written.
CONDITIONS = {
    "any": "each article",
    "first": "the first article ever",
    "together:30d": "two names together for the first time in 30 days",
    "volume": "unusually many articles in a day",
    "silence:24h": "no article for 24 hours",
}
#: The form's own fields that an address may fill, beside those of a search. The addresses of webhooks are often secrets, and
#: those of pages end up in histories and logs.
OWN = {"name", "query", "when", "replace"}
#: What an address may give the form: of a search, how its hits are shown is not saved, nor is what others are like.
GIVEN = OWN | KNOWN - {"like", "sort", "limit"}


#: The newest of what a saved search finds already, on its page.
TRIED = 3

#: Of a feed: from the search, its alerts, the feed's address and the page's.
Writer = Callable[[SavedSearch, Sequence[Alert], str, str], str]


class SavedSearchPages:
    """The pages, over what they need."""

    def __init__(
        self, store: SearchStore, ledger: Ledger, clock: Clock, pages: Pages, allowed_networks: Sequence[Network]
    ) -> None:
        self.alerts = ledger.alerts
        self._store, self._ledger, self._clock, self._pages = store, ledger, clock, pages
        self._allowed_networks = tuple(allowed_networks)

    def find(self, name: str) -> SavedSearch:
        """Return the saved search. Raises HTTPException (404)."""
        found = find_search(self.alerts, name)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no saved search of this name.")
        return found

    def save(self, form: Form) -> tuple[SavedSearch, list[Webhook]]:
        """Keep what the form asks for, in place of one of that name where it says so, whose webhooks stay.

        Returns it, and those of its webhooks that are new. Raises UsageError.
        """
        text = read_field(form, "query")
        check_text(text)
        asked = read_address([("q", text), *((key, value) for key, values in form.items() for value in values)])
        query = saved_query(asked)
        if query.story:
            query = replace(query, story=follow_story(query.story, self._ledger, self._store))
        name, now = read_field(form, "name"), self._clock.now()
        search = make_search(
            name,
            query,
            when=" ".join(form.get("when", ())).replace(",", " ").split(),
            webhooks=" ".join(form.get("webhook", ())).split(),
            allowed_networks=self._allowed_networks,
            created_at=now,
        )
        there = find_search(self.alerts, name)
        replaces = read_field(form, "replace") == "yes"
        if there and not replaces:
            raise UsageError(f"there is a saved search {name!r} already; tick “Replace” to put this in its place")
        if there:
            search = keep_webhooks(keep_identity(search, there, self._ledger), there)
        search, _ = prepare_search(search, ledger=self._ledger, store=self._store, clock=self._clock, there=there)
        self.alerts.save_search(search, replaces=replaces)
        return search, [hook for hook in search.webhooks if there is None or hook not in there.webhooks]

    def add_webhook(self, search: SavedSearch, form: Form) -> tuple[SavedSearch, Webhook]:
        """Return the search with the webhook that the form asks for, and that. Raises UsageError."""
        secret = read_field(form, "secret") or None
        return add_webhook(search, read_field(form, "url"), secret, allowed_networks=self._allowed_networks)

    def change(self, before: SavedSearch, after: SavedSearch) -> None:
        """Keep the search as changed. Raises HTTPException (409) where somebody else has changed it since."""
        if not self.alerts.change_searches([(before, after)]):
            raise HTTPException(HTTPStatus.CONFLICT, "The search was changed meanwhile: look at it, and try again.")

    def show_all(self, request: Request, given: Form, error: UsageError | None = None) -> Response:
        """Show the list and the form with what was given; status 400 where there is an error in that."""
        token = make_token(request)
        page = self._pages.render(
            request,
            "searches.html",
            HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK,
            rows=[(search, describe_query(search.query)) for search in self.alerts.searches()],
            conditions=CONDITIONS,
            given=given,
            others=[each for each in given.get("when", ()) if each not in CONDITIONS],
            error=error and say_on_page(error),
            token=token,
            address=Address(),  # the fields of the form are none of the search above it
        )
        return keep_token(request, page, token, PATH)

    def show_one(
        self,
        request: Request,
        search: SavedSearch,
        *,
        error: UsageError | None = None,
        signed: Sequence[Webhook] = (),
        status: int = HTTPStatus.OK,
    ) -> Response:
        """Show what a search noticed, and where it is sent; the secrets of ``signed`` webhooks, this once."""
        token = make_token(request)
        failed = [each for each in self.alerts.undelivered() if each.alert.search == search.name]
        [asked] = follow_merges([search], self._ledger)
        trial, untold = self._try(search)
        page = self._pages.render(
            request,
            "alerts.html",
            HTTPStatus.BAD_REQUEST if error else status,
            search=search,
            conditions=CONDITIONS,
            finds=describe_query(search.query),
            found=query_address(asked.query),
            change=_change_address(search),
            trial=trial,
            untold=untold,
            alerts=self.alerts.alerts(search.name, limit=SIZE),
            failed={each.url: each for each in reversed(failed)},  # of several, the newest, which comes first
            error=error and say_on_page(error),
            signed=signed,
            token=token,
        )
        return keep_token(request, page, token, PATH)

    def _try(self, search: SavedSearch) -> tuple[Trial | None, str]:
        """Return how the search stands, or why the index cannot tell, which is no reason to hide what was noticed."""
        try:
            return try_search(search, ledger=self._ledger, store=self._store, clock=self._clock, limit=TRIED), ""
        except (StoreUnavailable, StoreUnusable) as error:
            log.warning("the saved search %s cannot be tried: %s", search.name, error)
            return None, "The index cannot tell now."
        except UsageError as error:  # it was saved over another store
            return None, f"The index cannot tell: {say_on_page(error)}"


def add_saved_search_pages(app: FastAPI, saved: SavedSearchPages) -> None:
    """Add ``/searches``, ``/searches/{name}`` with its webhooks, and its feeds, ``.atom`` and ``.json``."""
    _add_list(app, saved)
    _add_feeds(app, saved)
    _add_webhooks(app, saved)

    @app.api_route(PATH + "/{name}", methods=METHODS)
    def show_alerts(request: Request, name: str) -> Response:
        return saved.show_one(request, saved.find(name))


def _add_list(app: FastAPI, saved: SavedSearchPages) -> None:
    @app.api_route(PATH, methods=METHODS)
    def show_searches(request: Request) -> Response:
        check_parameters(request.query_params.multi_items(), GIVEN)
        return saved.show_all(request, _given_by_address(request))

    @app.post(PATH)
    def add_search(request: Request, form: SentForm) -> Response:
        try:
            search, signed = saved.save(form)
        except StoreUnusable:  # not the visitor's mistake, nor for their eyes
            raise
        except UsageError as error:
            return saved.show_all(request, form, error)
        if signed:  # a secret that was made is seen once
            return saved.show_one(request, search, signed=signed, status=HTTPStatus.CREATED)
        return _see(request, f"{PATH}/{quote(search.name, safe='')}")

    @app.post(PATH + "/{name}/remove", dependencies=[Depends(read_form)])
    def remove_search(request: Request, name: str) -> Response:
        saved.alerts.remove_search(name)
        return _see(request, PATH)


def _add_webhooks(app: FastAPI, saved: SavedSearchPages) -> None:
    @app.post(PATH + "/{name}/webhooks")
    def set_webhook(request: Request, name: str, form: SentForm) -> Response:
        search = saved.find(name)
        try:
            changed, hook = saved.add_webhook(search, form)
        except UsageError as error:
            return saved.show_one(request, search, error=error)
        saved.change(search, changed)
        return saved.show_one(request, changed, signed=[hook], status=HTTPStatus.CREATED)

    @app.post(PATH + "/{name}/webhooks/remove")
    def remove_webhook(request: Request, name: str, form: SentForm) -> Response:
        search = saved.find(name)
        saved.change(search, drop_webhook(search, read_field(form, "url")))
        return _see(request, f"{PATH}/{quote(name)}")


def _add_feeds(app: FastAPI, saved: SavedSearchPages) -> None:
    def send_feed(request: Request, name: str, write: Writer, ending: str, media_type: str) -> Response:
        search = saved.find(name)
        alerts = saved.alerts.alerts(name, limit=SIZE)
        address = str(request.url.replace(query=""))
        feed = write(search, alerts, address, address.removesuffix(ending))
        return answer_unless_known(request, feed, media_type, max([search.created_at, *(each.at for each in alerts)]))

    @app.api_route(PATH + "/{name}.atom", methods=METHODS)
    def send_atom(request: Request, name: str) -> Response:
        return send_feed(request, name, write_atom, ".atom", "application/atom+xml")

    @app.api_route(PATH + "/{name}.json", methods=METHODS)
    def send_json_feed(request: Request, name: str) -> Response:
        return send_feed(request, name, write_json_feed, ".json", "application/feed+json")


def _given_by_address(request: Request) -> Form:
    """Return what an address gives the form: a search as the page's addresses have it, and the form's own fields."""
    given: Form = {}
    for key, value in request.query_params.multi_items():
        if value.strip() and key in GIVEN:
            given.setdefault("query" if key == "q" else key, []).append(value.strip())
    return given


def _change_address(search: SavedSearch) -> Address:
    """Return what opens the form with this search in it, to be put in its place."""
    own = [("name", search.name), *(("when", str(each)) for each in search.conditions)]
    return Address((*query_address(search.query).pairs, *own, ("replace", "yes")))


def _see(request: Request, path: str) -> Response:
    return RedirectResponse(f"{mount_path(request)}{path}", HTTPStatus.SEE_OTHER)
