"""The pages of saved searches: forms that only our own pages can send, and feeds that readers understand."""

import asyncio
import html
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import feedparser
import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.knowledge.decisions import Deciding
from pipeline.web.forms import COOKIE
from pipeline.web.page import make_app
from tests.fixtures.alerts import a_search, an_alert
from tests.fixtures.documents import NOON, FixedClock, document
from tests.fixtures.tellings import telling

SITE = "http://127.0.0.1"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    with closing(open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as opened:
        yield opened


class Visitor:
    """A browser with a jar of cookies."""

    def __init__(self, ledger: SqlLedger, folder: Path) -> None:
        self.store = SqliteStore(folder / "search.sqlite", clock=FixedClock())
        self.store.prepare()
        networks = [ip_network("10.1.0.0/16")]
        self.app = make_app(self.store, ledger, FixedClock(), webhook_networks=networks, login_cookie="login")
        self.cookies = httpx.Cookies()
        self.headers: dict[str, str] = {}

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            client = httpx.AsyncClient(transport=transport, base_url=SITE, cookies=self.cookies, headers=self.headers)
            async with client:
                answer = await client.request(method, path, **options)  # type: ignore[arg-type]
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def log_in(self, how: str, name: str) -> None:
        """Log in as Airflow has it, or with the token of ``newswire serve``; what lets in stands before the app."""
        if how == "a cookie":
            self.cookies.set("login", name, domain="127.0.0.1")
        else:
            self.headers["Authorization"] = f"Basic {name}"

    def token(self) -> str:
        page = LexborHTMLParser(self.ask("GET", "/searches").text)
        field = page.css_first("main .saving input[name=token]")
        return str(field.attributes["value"])

    def fields(self, path: str) -> dict[str, object]:
        """Return what the form there sends as it stands."""
        form = LexborHTMLParser(self.ask("GET", path).text)
        fields: dict[str, list[str]] = {}
        for node in form.css("main .saving input, main .saving textarea"):
            if node.attributes.get("type") != "checkbox" or "checked" in node.attributes:
                value = node.text() if node.tag == "textarea" else node.attributes.get("value") or ""
                fields.setdefault(node.attributes["name"] or "", []).append(value)
        return dict(fields)

    def send(self, path: str, origin: str | None = SITE, **fields: object) -> httpx.Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Origin": origin} if origin else {})
        return self.ask("POST", path, content=urlencode(fields, doseq=True), headers=headers)


@pytest.fixture
def visitor(ledger: SqlLedger, tmp_path: Path) -> Visitor:
    return Visitor(ledger, tmp_path)


def test_a_search_is_saved_listed_and_removed_by_forms(visitor: Visitor, ledger: SqlLedger) -> None:
    assert "Nothing is watched for yet" in visitor.ask("GET", "/searches").text
    token = visitor.token()
    saved = visitor.send("/searches", name="visits", query="<b>raisi</b>", when=["any", "silence:24h"], token=token)
    assert (saved.status_code, saved.headers["location"]) == (303, "/searches/visits")
    (search,) = ledger.alerts.searches()
    assert (search.query.text, [str(each) for each in search.conditions]) == ("<b>raisi</b>", ["any", "silence:24h"])
    page = visitor.ask("GET", "/searches").text
    assert "&lt;b&gt;raisi&lt;/b&gt;" in page
    assert "<b>raisi" not in page
    assert visitor.send("/searches/visits/remove", token=token).status_code == 303
    assert ledger.alerts.searches() == ()


def test_the_page_of_a_search_says_how_it_stands(visitor: Visitor) -> None:
    """Saved with what comes too late, it would else stay silent for ever, and nobody know why."""
    visitor.store.write([document("one", text="Barley came. Raisi <b>left</b> the hall.")])
    when = ["first", "silence:24h"]
    saved = visitor.send("/searches", name="visits", query="raisi", when=when, token=visitor.token())
    page = LexborHTMLParser(visitor.ask("GET", saved.headers["location"]).text).text()
    assert "Of the articles that are indexed already, 1 matches." in page
    assert "The first article ever: can never come true: 1 are there already" in page
    assert "No article for 24 hours: the last document is of 2026-11-23 12:00: alerts if none comes until" in page
    assert "Raisi <b>left</b> the hall." in page


def test_search_now_finds_who_was_merged_since(visitor: Visitor, ledger: SqlLedger) -> None:
    visitor.store.write([document("one", people=["A. Vell"]), document("two", people=["Ada Vell"])])
    visitor.send("/searches", name="vell", entity="person:A. Vell", token=visitor.token())
    Deciding(ledger.knowledge, visitor.store, NOON).merge("person:Ada Vell", "person:A. Vell")
    page = LexborHTMLParser(visitor.ask("GET", "/searches/vell").text)
    assert "indexed already, 2 match." in page.text()
    (now,) = (link.attributes["href"] or "" for link in page.css("main .meta a") if link.text() == "Search now")
    found = LexborHTMLParser(visitor.ask("GET", now).text)
    assert found.css_first("h1").text() == "2 articles"


def test_a_search_that_the_index_cannot_serve_has_its_page(visitor: Visitor, ledger: SqlLedger) -> None:
    """It was saved over another store: what it noticed, and where that was sent, is still there to be seen and removed."""
    ledger.alerts.save_search(a_search("quoted", "quote:sanctions", "any", "https://hooks.example/a"))
    ledger.alerts.note_alerts([an_alert(search="quoted")], {})
    answer = visitor.ask("GET", "/searches/quoted")
    assert answer.status_code == 200
    page = LexborHTMLParser(answer.text)
    assert "Headline 1" in page.text()
    (reason,) = (node.text() for node in page.css("#trial ~ .note"))
    assert reason.startswith("The index cannot tell: quote: needs Elasticsearch")
    assert reason.removeprefix("The index cannot tell: ") in html.unescape(
        visitor.ask("GET", "/?q=quote:sanctions").text
    )
    sent = {"url": "https://hooks.example/a", "token": visitor.token()}
    assert visitor.send("/searches/quoted/webhooks/remove", **sent).status_code == 303
    assert ledger.alerts.searches()[0].webhooks == ()


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("", "0001-01-01T00:00"),
        ("", "0001-01-01T02:00+02:00"),
        ("", "0001-01-01"),
        ("0001-01-01", "0001-01-01T00:01"),
        ("0001-01-01T00:00", "9999-12-31T23:59:59.999999"),
        ("", "9999-12-31"),
        ("9999-12-31", ""),
        ("9999-12-31T23:59:59.999999", ""),
        ("9999-12-31T22:00-01:00", "9999-12-31T22:59-01:00"),
    ],
)
def test_a_search_of_any_time_has_its_page(visitor: Visitor, ledger: SqlLedger, since: str, until: str) -> None:
    visitor.store.write([document("one")])
    when = ["any", "volume", "silence:24h"]
    fields = {"name": "times", "query": "text OR person:Raisi", "when": when, "since": since, "until": until}
    assert visitor.send("/searches", **fields, token=visitor.token()).status_code == 303
    (search,) = ledger.alerts.searches()
    page = visitor.ask("GET", "/searches/times")
    assert page.status_code == 200
    links = {link.text(): link.attributes["href"] or "" for link in LexborHTMLParser(page.text).css("main .meta a")}
    for path in ("/searches", *links.values()):
        assert visitor.ask("GET", path).status_code == 200
    # What the links carry is what was saved.
    assert visitor.send("/searches", **visitor.fields(links["Change"])).status_code == 303
    (again,) = ledger.alerts.searches()
    assert (again.query.since, again.query.until) == (search.query.since, search.query.until)


@pytest.mark.parametrize(
    ("origin", "sends"),
    [
        ("https://evil.example", "the token"),
        ("null", "the token"),
        ("http://[", "the token"),
        (SITE, "a guess"),
        (SITE, ""),
        (None, ""),
    ],
)
def test_forms_of_other_sites_are_refused(visitor: Visitor, ledger: SqlLedger, origin: str | None, sends: str) -> None:
    ledger.alerts.save_search(a_search())
    token = visitor.token()
    sent = token if sends == "the token" else sends
    assert visitor.send("/searches", origin, name="evil", query="x", token=sent).status_code == 403
    assert visitor.send("/searches/harvests/remove", origin, token=sent).status_code == 403
    assert [each.name for each in ledger.alerts.searches()] == ["harvests"]


def test_a_form_without_the_cookie_is_refused(visitor: Visitor, ledger: SqlLedger) -> None:
    token = visitor.token()
    visitor.cookies = httpx.Cookies()
    assert visitor.send("/searches", name="evil", query="x", token=token).status_code == 403
    assert visitor.send("/searches", name="evil", query="x", token="").status_code == 403
    assert ledger.alerts.searches() == ()


@pytest.mark.parametrize("how", ["a cookie", "a header"])
def test_a_planted_cookie_opens_no_form_and_is_renewed_at_login(visitor: Visitor, ledger: SqlLedger, how: str) -> None:
    """Whoever can set cookies here, such as a site of a neighbouring name, knows the token that it planted."""
    visitor.log_in(how, "mallory")
    planted = visitor.token()
    assert visitor.send("/searches", name="own", query="x", token=planted).status_code == 303
    visitor.log_in(how, "alice")
    assert visitor.cookies[COOKIE] == planted
    for origin in ("https://evil.example", SITE, None):
        assert visitor.send("/searches", origin, name="evil", query="x", token=planted).status_code == 403
    renewed = visitor.token()
    assert planted != renewed == visitor.cookies[COOKIE] == visitor.token()
    assert visitor.send("/searches", "https://evil.example", name="evil", query="x", token=renewed).status_code == 403
    assert visitor.send("/searches", name="good", query="x", token=renewed).status_code == 303
    assert [each.name for each in ledger.alerts.searches()] == ["good", "own"]


@pytest.mark.parametrize("planted", ["x", ".", "x.y"])
def test_a_cookie_that_is_no_token_of_ours_is_renewed(visitor: Visitor, ledger: SqlLedger, planted: str) -> None:
    visitor.headers["Cookie"] = f"{COOKIE}={planted}"
    assert visitor.send("/searches", name="evil", query="x", token=planted).status_code == 403
    assert visitor.token() != planted
    assert ledger.alerts.searches() == ()


def test_the_cookie_is_for_these_forms_alone(visitor: Visitor) -> None:
    cookie = visitor.ask("GET", "/searches").headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Path=/searches", "SameSite=strict"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "a/b", "query": "x"}, "the name is"),
        ({"name": "harvests.atom", "query": "x"}, ".atom, .json, .xml end the addresses of feeds"),
        ({"name": "harvests.JSON", "query": "x"}, "end the addresses of feeds"),
        ({"name": "good", "query": "persn:x"}, "there is no field"),
        ({"name": "good", "query": "quote:x"}, "needs Elasticsearch"),
        ({"name": "good", "query": "x", "when": ["sometimes"]}, "write one of: any"),
        ({"name": "harvests", "query": "x"}, "there is a saved search"),
        ({"name": "good", "near": "52,200,10"}, "longitude from -180 to 180"),
        ({"name": "good", "since": "soon"}, "write a day such as"),
        ({"name": "good", "since": "2026-11-02", "until": "2026-11-01"}, "is not before"),
        ({"name": "good", "query": "raisi", "when": ["together:7d"]}, "two names"),
        ({"name": "good", "query": "x", "webhook": "ftp://hooks.example/"}, "webhook"),
        ({"name": "good", "query": "x", "webhook": "http://10.0.0.1/"}, "10.0.0.1 is no public address"),
    ],
)
def test_what_cannot_be_saved_is_said(
    visitor: Visitor, ledger: SqlLedger, fields: dict[str, object], said: str
) -> None:
    ledger.alerts.save_search(a_search())
    answer = visitor.send("/searches", token=visitor.token(), **fields)
    assert answer.status_code == 400
    page = LexborHTMLParser(answer.text)
    alert = page.css_first("[role=alert]").text()
    assert said in alert
    assert "--" not in alert
    assert len(ledger.alerts.searches()) == 1
    # Nothing has to be written twice.
    kept = {node.attributes["value"] for node in page.css("main .saving input")}
    assert {value for key, value in fields.items() if key in {"name", "query", "near", "since", "until"}} <= kept


def test_a_store_that_fails_is_not_told_in_the_form(visitor: Visitor, tmp_path: Path) -> None:
    token = visitor.token()
    for part in tmp_path.glob("search.sqlite*"):
        part.unlink()
    (tmp_path / "search.sqlite").write_text("A shopping list, in words.\n" * 1000)
    answer = visitor.send("/searches", name="x", query="x", token=token)
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text


def test_a_form_too_long_is_refused(visitor: Visitor) -> None:
    assert visitor.send("/searches", name="x", query="y" * 30_000, token=visitor.token()).status_code == 413


def test_alerts_are_shown_and_fed(visitor: Visitor, ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("война-2", "harvest"))
    ledger.alerts.note_alerts([an_alert(1, search="война-2"), an_alert(2, search="война-2")], {})
    page = LexborHTMLParser(visitor.ask("GET", "/searches/война-2").text)
    assert "The harvest of 1 began." in page.css_first("tbody").text()
    links = [link.attributes["href"] or "" for link in page.css("main .meta a") if link.text() in {"Atom", "JSON"}]
    atom, feed = (visitor.ask("GET", link) for link in links)
    assert atom.headers["content-type"].startswith("application/atom+xml")
    assert len(feedparser.parse(atom.content).entries) == 2
    assert feed.headers["content-type"] == "application/feed+json"
    assert [item["title"] for item in feed.json()["items"]] == ["Headline 1", "Headline 2"]


@pytest.mark.parametrize("ending", ["atom", "json"])
def test_a_feed_leads_to_its_page_and_is_not_sent_twice(visitor: Visitor, ledger: SqlLedger, ending: str) -> None:
    ledger.alerts.save_search(a_search())
    ledger.alerts.note_alerts([an_alert(1)], {})
    path = f"/searches/harvests.{ending}"
    feed = visitor.ask("GET", f"{path}?utm_source=letter")
    if ending == "json":
        assert (feed.json()["home_page_url"], feed.json()["feed_url"]) == (f"{SITE}/searches/harvests", SITE + path)
    else:
        links = {link.rel: link.href for link in feedparser.parse(feed.content).feed.links}
        assert links == {"alternate": f"{SITE}/searches/harvests", "self": SITE + path}
    tag, changed = feed.headers["etag"], feed.headers["last-modified"]
    assert changed == "Mon, 23 Nov 2026 12:00:00 GMT"
    for known in ({"If-None-Match": f'"x", W/{tag}'}, {"If-Modified-Since": changed}, {"If-None-Match": "*"}):
        again = visitor.ask("GET", path, headers=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    ledger.alerts.note_alerts([an_alert(2, at=NOON + timedelta(seconds=1))], {})
    for outdated in (
        {"If-None-Match": tag},
        {"If-Modified-Since": changed},
        {"If-Modified-Since": "lately"},
        {"If-Modified-Since": f"Mon, 23 Nov 2026 12:00:00 +{'9' * 20}"},
        {"If-None-Match": tag, "If-Modified-Since": "Mon, 23 Nov 2099 12:00:00 GMT"},
    ):
        again = visitor.ask("GET", path, headers=outdated)
        assert again.status_code == 200
        assert again.headers["etag"] != tag


@pytest.mark.parametrize("path", ["/searches/none", "/searches/none.atom", "/searches/none.json"])
def test_a_search_that_is_not_there(visitor: Visitor, path: str) -> None:
    assert visitor.ask("GET", path).status_code == 404


EVERYTHING = {
    "query": "raisi",
    "person": ["Ebrahim Raisi", "Ada Vale"],
    "publisher": "Meridian",
    "language": "en",
    "section": "World",
    "entity": "geonames:112931",
    "since": "2026-11-01T06:00",
    "until": "2026-11-30T12:00:30.500000",
    "near": "35.712345,51.4,100.5",
    "area": "5/20/12",
    "reprints": "none",
}


def test_a_search_with_every_filter_is_saved_changed_and_searched(visitor: Visitor, ledger: SqlLedger) -> None:
    (story,) = ledger.join_stories([telling("one", "raisi")], NOON).values()
    everything = EVERYTHING | {"story": story}
    when = ["volume", "silence:6h, any"]
    saved = visitor.send("/searches", token=visitor.token(), name="all", when=when, **everything)
    assert saved.status_code == 303
    (search,) = ledger.alerts.searches()
    assert [str(each) for each in search.conditions] == ["volume", "silence:6h", "any"]
    page = LexborHTMLParser(visitor.ask("GET", "/searches/all").text)
    links = {link.text(): link.attributes["href"] or "" for link in page.css("main .meta a")}
    asked = everything | {"q": "raisi"}
    del asked["query"]
    assert {
        key: values if len(values) > 1 else values[0] for key, values in parse_qs(links["Search now"][2:]).items()
    } == asked
    # The form opens with all of it, and what it sends unchanged is the same search.
    assert visitor.send("/searches", **visitor.fields(links["Change"])).status_code == 303
    (again,) = ledger.alerts.searches()
    assert (again.query, set(again.conditions)) == (search.query, set(search.conditions))


def test_a_search_within_no_story_is_refused(visitor: Visitor, ledger: SqlLedger) -> None:
    answer = visitor.send("/searches", token=visitor.token(), name="a", query="x", story="abc")
    assert answer.status_code == 400
    assert "here is no story 'abc'" in html.unescape(answer.text)
    assert ledger.alerts.searches() == ()


def test_changing_a_search_keeps_its_webhooks_which_no_address_tells(visitor: Visitor, ledger: SqlLedger) -> None:
    """The address of a webhook is often a secret, and those of pages end up in histories and logs."""
    ledger.alerts.save_search(a_search("visits", "raisi", "any", "https://hooks.example/a"))
    (kept,) = ledger.alerts.searches()[0].webhooks
    page = LexborHTMLParser(visitor.ask("GET", "/searches/visits").text)
    (change,) = (link.attributes["href"] or "" for link in page.css("main .meta a") if link.text() == "Change")
    assert "hooks.example" not in change
    assert "hooks.example" not in visitor.ask("GET", f"{change}&webhook=https://hooks.example/z").text
    fields = visitor.fields(change)
    assert visitor.send("/searches", **fields | {"query": "harvest"}).status_code == 303
    (changed,) = ledger.alerts.searches()
    assert (changed.query.text, changed.webhooks) == ("harvest", (kept,))
    more = visitor.send("/searches", **fields | {"webhook": "https://hooks.example/b"})
    (changed,) = ledger.alerts.searches()
    assert [hook.url for hook in changed.webhooks] == ["https://hooks.example/a", "https://hooks.example/b"]
    assert changed.webhooks[0] == kept
    assert changed.webhooks[1].secret in more.text
    assert kept.secret not in more.text


def test_no_search_for_the_like_of_an_article_is_saved(visitor: Visitor, ledger: SqlLedger) -> None:
    """New articles are looked at alone, and would all be found."""
    assert visitor.ask("GET", "/searches?like=abc").status_code == 400
    answer = visitor.send("/searches", name="a", query="x", like="abc", token=visitor.token())
    assert answer.status_code == 400
    assert ledger.alerts.searches() == ()


def test_a_search_of_the_page_can_be_saved_as_it_is(visitor: Visitor) -> None:
    page = LexborHTMLParser(visitor.ask("GET", "/?q=ferry&person=Ada+Vale&sort=newest").text)
    form = LexborHTMLParser(visitor.ask("GET", page.css_first("a.save").attributes["href"] or "").text)
    values = {node.attributes["name"]: node.attributes.get("value") for node in form.css("main .saving input")}
    assert (values["query"], values["person"]) == ("ferry", "Ada Vale")


def test_the_secret_of_a_webhook_is_seen_once(visitor: Visitor, ledger: SqlLedger) -> None:
    token = visitor.token()
    saved = visitor.send("/searches", name="visits", query="raisi", webhook="https://hooks.example/a", token=token)
    assert saved.status_code == 201
    (hook,) = ledger.alerts.searches()[0].webhooks
    assert hook.secret in saved.text
    assert saved.headers["cache-control"] == "no-store"
    for path in ("/searches", "/searches/visits"):
        page = visitor.ask("GET", path)
        assert hook.secret not in page.text
    assert hook.url in page.text


def test_the_newest_problem_of_a_webhook_is_shown(visitor: Visitor, ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "harvest", "any", "https://hooks.example/a"))
    ledger.alerts.note_alerts([an_alert(day, at=NOON + timedelta(days=day)) for day in range(3)], {})
    due = ledger.alerts.due_deliveries(NOON + timedelta(days=3), limit=3, lease=timedelta(minutes=1))
    ledger.alerts.save_deliveries([replace(each, attempts=1, detail=f"{each.alert.id} refused") for each in due])
    row = LexborHTMLParser(visitor.ask("GET", "/searches/harvests").text).css_first(".unwell")
    assert row.text() == "alert-2 refused"


def test_webhooks_are_set_anew_and_removed(visitor: Visitor, ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("visits", "raisi", "any", "https://hooks.example/a"))
    token, secret = visitor.token(), "whsec_" + "QUJD" * 8
    path = "/searches/visits/webhooks"
    assert visitor.send(path, url="http://10.1.0.1/", token=token).status_code == 201  # in a network that is allowed
    assert visitor.send(f"{path}/remove", url="http://10.1.0.1/", token=token).status_code == 303
    assert visitor.send(path, url="https://hooks.example/b", token=token).status_code == 201
    assert visitor.send(path, url="https://hooks.example/a", secret=secret, token=token).status_code == 201
    (search,) = ledger.alerts.searches()
    assert [hook.url for hook in search.webhooks] == ["https://hooks.example/b", "https://hooks.example/a"]
    assert search.webhooks[1].secret == secret
    gone = visitor.send(f"{path}/remove", url="https://hooks.example/b", token=token)
    assert (gone.status_code, gone.headers["location"]) == (303, "/searches/visits")
    assert [hook.url for hook in ledger.alerts.searches()[0].webhooks] == ["https://hooks.example/a"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": "javascript:alert(1)"}, "webhook"),
        ({"url": "http://10.0.0.1/"}, "10.0.0.1 is no public address"),
        ({}, "webhook"),
        ({"url": "https://hooks.example/a", "secret": "letmein"}, "secret"),
    ],
)
def test_what_is_no_webhook_is_said(visitor: Visitor, ledger: SqlLedger, fields: dict[str, str], said: str) -> None:
    ledger.alerts.save_search(a_search("visits"))
    answer = visitor.send("/searches/visits/webhooks", token=visitor.token(), **fields)
    assert answer.status_code == 400
    assert said in LexborHTMLParser(answer.text).css_first("[role=alert]").text()
    assert ledger.alerts.searches()[0].webhooks == ()


def test_webhooks_of_other_sites_forms_are_refused(visitor: Visitor, ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("visits"))
    token = visitor.token()
    path = "/searches/visits/webhooks"
    assert visitor.send(path, "https://evil.example", url="https://evil.example/", token=token).status_code == 403
    assert visitor.send(path, url="https://evil.example/").status_code == 403
    assert visitor.send("/searches/none/webhooks", url="https://hooks.example/", token=token).status_code == 404
    assert ledger.alerts.searches()[0].webhooks == ()
