"""The search page over a real index, asked as a browser without JavaScript would."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from selectolax.lexbor import LexborHTMLParser

from examples.ports import free_port
from pipeline.adapters import sqlite_connections
from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.errors import UsageError
from pipeline.knowledge.decisions import Deciding
from pipeline.model.article import Byline, TextSource
from pipeline.model.document import Document
from pipeline.model.entity import AnnotationMethod, Place, Quote
from pipeline.model.evidence import Evidence, Precision
from pipeline.model.fate import Reason
from pipeline.model.feed import Feed
from pipeline.model.known import Action, Decision
from pipeline.model.reprint import Reprint
from pipeline.ports import SearchStore
from pipeline.web.page import make_app
from pipeline.web.serve import serve_page
from tests.fixtures.browser import Browser, headlines, link, node_of, parameters, words
from tests.fixtures.documents import MINSK, NOON, TEHRAN, FixedClock, document
from tests.fixtures.entries import LEASE, a_batch, an_entry, an_outcome

SCRIPT = "<script>alert('ferry')</script>"


VISIT = document(
    "visit",
    headline="Ferry talks in Tehran",
    deck="Two days, three accords.",
    text="Alexander Lukashenko came to Tehran.\n\nA ferry line is planned.",
    publisher="Meridian",
    people=["Alexander Lukashenko", "Ebrahim Raisi"],
    places=[("Tehran", TEHRAN), ("Belarus", MINSK)],
    quotes=[Quote(start=0, end=9, text="We signed", speaker="person:Ebrahim Raisi", cue="said")],
)
TERMINAL = document(
    "terminal",
    headline="Council backs ferry terminal",
    text="The ferry terminal will be rebuilt.",
    publisher="Harbour Post",
    people=["Ebrahim Raisi"],
    published=NOON - timedelta(days=2),
)
FAEHRE = document("faehre", headline="Fähre fährt wieder", text="Die Fähre fährt.", language="de", published=None)


#: For what the page promises over either store; other tests of it have the embedded one.
BOTH_STORES = pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)], indirect=True
)


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore | ElasticsearchStore]:
    if getattr(request, "param", "sqlite") == "sqlite":
        kept: SqliteStore | ElasticsearchStore = SqliteStore(tmp_path / "search.sqlite", clock=FixedClock())
    else:
        url, prefix = (request.getfixturevalue(f"elasticsearch_{each}") for each in ("url", "prefix"))
        kept = ElasticsearchStore(url, clock=FixedClock(), prefix=prefix)
    with closing(kept) as opened:
        opened.prepare()
        assert opened.write([VISIT, TERMINAL, FAEHRE]) == ()
        yield opened


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    with closing(open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as opened:
        yield opened


@pytest.fixture
def browser(store: SqliteStore, ledger: SqlLedger) -> Browser:
    return Browser(make_app(store, ledger, FixedClock()))


# Searching


def test_without_a_question_the_newest_articles_are_shown(browser: Browser) -> None:
    page = browser.read("/")
    assert headlines(page)[-1] == "Council backs ferry terminal"
    assert words(page, "h1") == "3 articles"
    assert page.css(".sort") == []


@BOTH_STORES
def test_hits_show_what_was_found_and_lead_to_the_article(browser: Browser) -> None:
    page = browser.read("/?q=tehran")
    assert headlines(page) == ["Ferry talks in Tehran"]
    assert words(page, ".snippet mark") == "Tehran"
    assert words(page, ".hits .meta") == "Meridian 23 November 2026, 12:00 UTC English"
    assert link(page, ".hits h2", "Ferry talks") == f"/article/{VISIT.id}"


@BOTH_STORES
def test_every_filter_narrows_the_hits(browser: Browser) -> None:
    assert headlines(browser.read("/?person=alexander+lukashenko")) == ["Ferry talks in Tehran"]
    assert headlines(browser.read("/?place=Belarus")) == ["Ferry talks in Tehran"]
    assert headlines(browser.read("/?organization=None+such")) == []
    assert headlines(browser.read("/?publisher=Harbour+Post")) == ["Council backs ferry terminal"]
    assert headlines(browser.read("/?language=de")) == ["Fähre fährt wieder"]
    assert headlines(browser.read("/?until=2026-11-22")) == ["Council backs ferry terminal"]
    assert headlines(browser.read("/?near=35.7,51.4,50")) == ["Ferry talks in Tehran"]
    assert len(headlines(browser.read("/?since=2026-11-23"))) == 2


def test_sorting_is_a_link_that_keeps_the_rest(browser: Browser) -> None:
    page = browser.read("/?q=ferry&person=Ebrahim+Raisi")
    newest = link(page, ".sort", "Newest")
    assert parameters(newest) == [("q", "ferry"), ("person", "Ebrahim Raisi"), ("sort", "newest")]
    assert headlines(browser.read(newest)) == ["Ferry talks in Tehran", "Council backs ferry terminal"]


@BOTH_STORES
def test_a_facet_adds_its_filter_and_removes_it_again(browser: Browser) -> None:
    page = browser.read("/?q=ferry&limit=1")
    assert words(page, "#facet-people + ul li") == "Ebrahim Raisi 2"
    added = link(page, ".facets", "Alexander Lukashenko")
    assert parameters(added) == [("q", "ferry"), ("person", "Alexander Lukashenko")]

    narrowed = browser.read(added)
    assert headlines(narrowed) == ["Ferry talks in Tehran"]
    assert words(narrowed, ".facets a[aria-current] .value") == "Alexander Lukashenko"
    assert link(narrowed, ".facets", "Alexander Lukashenko") == "/?q=ferry"
    assert link(narrowed, ".chosen", "Alexander Lukashenko") == "/?q=ferry"


def test_the_form_keeps_the_filters_in_force(browser: Browser) -> None:
    page = browser.read("/?q=ferry&person=Ebrahim+Raisi&place=Tehran&since=2026-01-02&sort=newest")
    hidden = [(node.attributes["name"], node.attributes["value"]) for node in page.css("form input[type=hidden]")]
    assert hidden == [("person", "Ebrahim Raisi"), ("place", "Tehran"), ("sort", "newest")]
    assert node_of(page, "#since").attributes["value"] == "2026-01-02"
    assert node_of(page, "#q").attributes["value"] == "ferry"


def test_empty_fields_of_the_form_leave_the_address(browser: Browser) -> None:
    response = browser.ask("/?q=ferry&person=&person=Ebrahim+Raisi&since=&utm_source=letter&colour=")
    assert response.status_code == 302
    assert response.headers["location"] == "/?q=ferry&person=Ebrahim+Raisi"


def test_more_hits_are_one_link_away(store: SqliteStore, browser: Browser) -> None:
    store.write([document(f"n{number}", text="zebra") for number in range(21)])
    page = browser.read("/?q=zebra")
    assert len(headlines(page)) == 20
    more = link(page, ".more", "Show more")
    assert more == "/?q=zebra&limit=40#hit-21"
    longer = browser.read(more)
    assert len(headlines(longer)) == 21
    assert longer.css(".more") == []


def test_beside_texts_shown_once_stands_how_many_texts_there_are(store: SqliteStore, browser: Browser) -> None:
    wire = [document(f"n{number}", text="zebra") for number in range(25)]
    copies = [
        replace(
            document(f"c{number}", text="zebra"), reprint=Reprint(reprint_of=wire[number].id, similarity=1, own_share=0)
        )
        for number in range(10)
    ]
    store.write([*wire, *copies])
    page = browser.read("/?q=zebra&reprints=folded")
    assert words(page, ".more") == "Show more 20 of 25"
    assert words(browser.read("/?q=zebra"), ".more") == "Show more 20 of 35"
    assert browser.read(link(page, ".more", "Show more")).css(".more") == []


def test_the_page_of_an_entity_says_where_its_spellings_are_from(store: SqliteStore, browser: Browser) -> None:
    store.write([document(f"n{number}", people=["Ann Vell"]) for number in range(101)])
    page = browser.read("/entity/person:Ann%20Vell")
    assert words(page, "[aria-labelledby=spellings] .note").startswith("In the newest 100 articles")
    assert words(page, "[aria-labelledby=spellings] li") == "Ann Vell 100"


def test_beyond_what_the_page_shows_it_says_what_to_do(store: SqliteStore, browser: Browser) -> None:
    store.write([document(f"n{number}", text="zebra") for number in range(1001)])
    last = link(browser.read("/?q=zebra&limit=990"), ".more", "Show more")
    assert parameters(last)[-1] == ("limit", "1000")
    page = browser.read("/?q=zebra&limit=1000")
    assert words(page, ".more").startswith("The first 1,000 of 1,001: narrow these down")


def test_what_is_more_frequent_here_narrows_the_search(store: SqliteStore, browser: Browser) -> None:
    store.write([document(f"n{number}", text="zebra wheat", people=['Ann "Bo" Vell']) for number in range(3)])
    page = browser.read("/?q=zebra+OR+yak&language=en")
    narrowed = link(page, "[aria-labelledby=telling]", 'Ann "Bo" Vell')
    assert parameters(narrowed) == [("language", "en"), ("q", '(zebra OR yak) "Ann  Bo  Vell"')]


def test_nothing_found_says_so_and_what_to_try(browser: Browser) -> None:
    page = browser.read("/?q=zebra&person=Ebrahim+Raisi")
    assert words(page, "h1") == "No articles for zebra"
    assert link(page, ".empty", "without filters") == "/?q=zebra"


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("terminol", "terminal"), ("person:lukashenca", "person:lukashenko"), ('terminol "<>"', 'terminal "<>"')],
)
def test_did_you_mean_is_a_link_that_keeps_the_filters(browser: Browser, asked: str, meant: str) -> None:
    page = browser.read(f"/?{urlencode({'q': asked, 'language': 'en', 'limit': 40})}")
    assert words(page, "h1").startswith("No articles")
    assert words(page, ".meant") == f"Did you mean {meant}?"
    corrected = link(page, ".meant", meant)
    assert sorted(parameters(corrected)) == [("language", "en"), ("q", meant)]
    assert headlines(browser.read(corrected))


def test_where_nothing_is_meant_nothing_is_said(browser: Browser) -> None:
    assert browser.read("/?q=zebra").css(".meant") == []


def test_the_oldest_stand_first_where_that_is_asked(browser: Browser) -> None:
    oldest = link(browser.read("/?q=ferry"), ".sort", "Oldest")
    assert parameters(oldest) == [("q", "ferry"), ("sort", "oldest")]
    page = browser.read(oldest)
    assert headlines(page) == ["Council backs ferry terminal", "Ferry talks in Tehran"]
    assert words(page, ".sort [aria-current]") == "Oldest"


def test_an_article_leads_to_more_like_it(store: SqliteStore, browser: Browser) -> None:
    like = [document(f"like{number}", text="The ferry line to Tehran is planned.") for number in range(3)]
    assert store.write(like) == ()
    more = link(browser.read(f"/article/{VISIT.id}"), ".reading", "More like this")
    assert more == f"/?like={VISIT.id}"
    page = browser.read(more)
    assert words(page, "h1").endswith(" articles")
    assert "Ferry talks in Tehran" not in headlines(page)
    assert len(headlines(page)) >= 3
    assert words(page, ".chosen li") == "Remove Like Ferry talks in Tehran ×"
    assert page.css(".save") == []  # a saved search is asked of each new article alone
    assert words(browser.read("/?like=none", 404), "[role=alert]").startswith("There is no article none")


def test_an_empty_index_says_how_to_fill_it(tmp_path: Path, ledger: SqlLedger) -> None:
    with closing(SqliteStore(tmp_path / "empty.sqlite", clock=FixedClock())) as store:
        page = Browser(make_app(store, ledger, FixedClock())).read("/")
    assert "newswire ingest" in words(page, ".empty")


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ("since=yesterday", "since is 'yesterday'"),
        ("until=2026-13-01", "until is '2026-13-01'"),
        ("since=2026-02-01&until=2026-01-01", "since 2026-02-01 is not before until 2026-01-01"),
        ("sort=upwards", "sort is 'upwards'"),
        ("reprints=some", "reprints is 'some'"),
        ("limit=all", "limit is 'all'"),
        ("limit=1001", "limit is '1001'"),
        (f"limit={'9' * 5_000}", "limit is '999"),
        ("near=Tehran", "near is 'Tehran'"),
        ("area=5/32/1", "area is '5/32/1'"),
        ("area=²/1/1", "area is '²/1/1'"),
        ("q=" + "+".join(["word"] * 65), "65 words, phrases and operators; at most 64"),
        ("q=" + "a" * 10_000, "10000 characters; at most 4000"),
        ("q=*", "'*' has no letters before the *"),
        ("q=colour:red", "there is no field 'colour'"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_400(browser: Browser, question: str, complaint: str) -> None:
    page = browser.read(f"/?{question}", 400)
    assert words(page, "[role=alert]").startswith((complaint, f"the query has {complaint}"))
    assert node_of(page, "details").attributes.keys() >= {"open"}


@pytest.mark.parametrize("path", ["/", "/stories", "/feeds", "/ledger", "/searches"])
@pytest.mark.parametrize("name", ["page", "unknown", "perso", "state", "days"])
def test_a_parameter_that_a_page_does_not_know_is_said(browser: Browser, path: str, name: str) -> None:
    """Else a filter that is misspelt would show everything."""
    assert words(browser.read(f"{path}?{name}=-1", 400), "[role=alert]").startswith(
        f"{name} is no parameter of this page"
    )


@pytest.mark.parametrize("path", ["/stories", "/feeds", "/ledger", "/searches"])
def test_marks_of_who_linked_here_are_ignored(browser: Browser, path: str) -> None:
    assert browser.ask(f"{path}?utm_source=letter&fbclid=1&unknown=").status_code == 200


def test_a_mistaken_date_can_be_mended_in_place(browser: Browser) -> None:
    page = browser.read("/?q=ferry&since=yesterday", 400)
    assert node_of(page, "#since").attributes == {"id": "since", "name": "since", "type": "text", "value": "yesterday"}
    assert link(page, ".chosen", "yesterday") == "/?q=ferry"


def test_a_spot_of_the_map_opens_the_articles_that_it_counts(store: SqliteStore, browser: Browser) -> None:
    """Qom lies in the next tile, and within the circle around Tehran's."""
    qom, tehran = Place(latitude=34.64, longitude=50.88), Place(latitude=35.69, longitude=51.42)
    close = [document(f"p{number}", places=[(f"P{number}", each)]) for number, each in enumerate([qom, tehran, tehran])]
    assert store.write(close) == ()
    for address in ("/", "/?near=35,51,300", "/?area=5/20/12"):
        page = browser.read(address)
        spots = page.css(".map li a")
        assert spots
        for spot in spots:
            found = browser.read(spot.attributes["href"] or "")
            assert words(found, "h1").split()[0] == node_of(LexborHTMLParser(spot.html or ""), ".count").text()
    page = browser.read("/?area=5/20/12")
    assert words(page, ".chosen").startswith("Remove Area of Tehran")
    assert link(page, ".chosen", "Tehran") == "/"
    assert page.css_matches("form input[type=hidden][name=area]")


# Reading


def test_an_article_shows_what_it_says_whom_it_names_and_how_that_is_known(browser: Browser) -> None:
    page = browser.read(f"/article/{VISIT.id}")
    assert words(page, "h1") == "Ferry talks in Tehran"
    assert words(page, ".deck") == "Two days, three accords."
    assert [node.text() for node in page.css(".text p")] == [
        "Alexander Lukashenko came to Tehran.",
        "A ferry line is planned.",
    ]
    assert link(page, ".text", "Alexander Lukashenko") == "/entity/person%3AAlexander%20Lukashenko"
    assert [node.text() for node in page.css(".text .named.place")] == ["Tehran"]
    assert words(page, "#names-person + ul li") == "Alexander Lukashenko 1"
    assert link(page, ".names", "Tehran") == "/entity/place%3ATehran"
    assert words(page, ".quotes") == "Quotes We signed Ebrahim Raisi"
    assert words(page, ".sources dd") == "23 November 2026, 12:00 UTC written 2026-11-23 12:00:00+00:00 in json-ld"


def test_what_somebody_said_is_marked_where_it_stands(store: SqliteStore, browser: Browser) -> None:
    said = document(
        "said",
        text="“We <b>signed</b>,” he said.",
        quotes=[Quote(start=1, end=18, text="We <b>signed</b>,", cue="said")],
    )
    assert store.write([said]) == ()
    page = browser.read(f"/article/{said.id}")
    assert words(page, ".text .quoted") == "We <b>signed</b>,"
    assert page.css(".text b") == []


def test_an_entity_has_a_page_of_all_that_is_said_by_and_about_it(store: SqliteStore, browser: Browser) -> None:
    later = document(
        "later",
        headline="Raisi speaks",
        text="“Ebrahim Raisi was right,” a visitor said.",
        people=["Ebrahim Raisi", "Ada Vale"],
        quotes=[Quote(start=1, end=25, text="Ebrahim Raisi was right,", speaker="person:Ada Vale", cue="said")],
        published=NOON + timedelta(days=1),
    )
    assert store.write([later]) == ()
    page = browser.read(link(browser.read(f"/article/{VISIT.id}"), ".names", "Ebrahim Raisi"))
    assert words(page, "h1") == "Ebrahim Raisi"
    assert words(page, "[aria-labelledby=by] blockquote") == "We signed"
    assert words(page, "[aria-labelledby=about] figure").startswith("Ebrahim Raisi was right, Ada Vale,")
    assert [node.text(strip=True) for node in page.css("[aria-labelledby=articles] a")] == [
        "Raisi speaks",
        "Ferry talks in Tehran",
        "Council backs ferry terminal",
    ]
    assert len(page.css(".times svg .bar")) == 3
    first = parameters(page.css(".times tbody a")[-1].attributes["href"] or "")
    assert first == [("entity", "person:Ebrahim Raisi"), ("since", "2026-11-21"), ("until", "2026-11-21")]
    assert words(page, "[aria-labelledby=spellings] li") == "Ebrahim Raisi 3"
    assert link(page, "[aria-labelledby=beside-person]", "Ada Vale") == "/entity/person%3AAda%20Vale"


def test_who_was_merged_is_found_as_who_they_are_now(browser: Browser, store: SqliteStore, ledger: SqlLedger) -> None:
    """Addresses are shared, and older than the merge."""
    assert store.write([document("other", people=["E. Raisi"])]) == ()
    Deciding(ledger.knowledge, store, NOON).merge("person:Ebrahim Raisi", "person:E. Raisi")
    decide(ledger, "Q9", "Q10")
    for old, new in (
        ("/entity/person:E.%20Raisi", "/entity/person%3AEbrahim%20Raisi"),
        ("/?entity=person:E.+Raisi&sort=newest", "/?sort=newest&entity=person%3AEbrahim+Raisi"),
        ("/?q=ferry+entity:Q9&entity=Q9&entity=Q10", "/?entity=Q10&q=ferry+entity%3AQ10"),
    ):
        response = browser.ask(old)
        assert (response.status_code, response.headers["location"]) == (302, new)
    assert words(browser.read("/?entity=person:Ebrahim+Raisi"), "h1") == "3 articles"
    mounted = FastAPI()
    mounted.mount("/news", make_app(store, ledger, FixedClock()))
    moved = Browser(mounted).ask("/news/entity/person:E.%20Raisi")
    assert moved.headers["location"] == "/news/entity/person%3AEbrahim%20Raisi"


def test_merges_in_a_circle_lead_nowhere(browser: Browser, ledger: SqlLedger) -> None:
    """No merge makes one, but two lists that are imported may."""
    decide(ledger, "person:Ebrahim Raisi", "Q9")
    decide(ledger, "Q9", "person:Ebrahim Raisi")
    assert words(browser.read("/entity/person:Ebrahim%20Raisi"), "h1") == "Ebrahim Raisi"
    assert words(browser.read("/?entity=person:Ebrahim+Raisi"), "h1") == "2 articles"


def decide(ledger: SqlLedger, subject: str, target: str) -> None:
    ledger.knowledge.decide([Decision(action=Action.MERGE, subject=subject, target=target, decided_at=NOON)])


@pytest.mark.parametrize("entity", ["person:Nobody", "", "a/b", "..%2F..", "%00", "*"])
def test_what_nobody_names_has_no_page(browser: Browser, entity: str) -> None:
    assert browser.ask(f"/entity/{entity}").status_code == 404


def test_the_link_to_the_original_tells_it_nothing(browser: Browser) -> None:
    page = browser.read(f"/article/{VISIT.id}")
    originals = page.css("a[href^=http]")
    assert {node.attributes["href"] for node in originals} == {"https://news.example/visit"}
    assert {node.attributes["rel"] for node in originals} == {"noopener noreferrer"}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "http:x", "//x", "http://["]
)
def test_only_web_addresses_become_links(store: SqliteStore, browser: Browser, url: str) -> None:
    store.write([replace(VISIT, id="odd", article=replace(VISIT.article, url=url, canonical_url=url))])
    page = browser.read("/article/odd")
    assert all((node.attributes["href"] or "").startswith(("/", "#")) for node in page.css("a"))
    assert url.strip() in words(page, ".sources")


def test_what_is_only_half_known_is_said_so(store: SqliteStore, browser: Browser) -> None:
    published = VISIT.article.published
    assert published
    day = replace(published, raw="23. November", precision=Precision.DAY, has_offset=False)
    article = replace(VISIT.article, published=day, text_source=TextSource.FEED)
    store.write(
        [
            replace(
                VISIT, article=article, annotation=replace(VISIT.annotation, method=AnnotationMethod.NONE, entities=())
            )
        ]
    )
    page = browser.read(f"/article/{VISIT.id}")
    assert words(page, ".meta time") == "23 November 2026"
    assert "from feed, not from the page" in words(page, ".note")
    assert "Names were not looked for: the language of the text cannot be told." in words(page, ".names .note")


def test_an_unknown_article_or_page_is_404(browser: Browser) -> None:
    for path in (
        "/article/none",
        "/article/a/b",
        "/article/%00",
        "/nowhere",
        "/static/nothing.css",
        "/docs",
        "/openapi.json",
    ):
        assert words(browser.read(path, 404), "h1") == "Not Found"


@pytest.mark.postgresql
def test_an_address_that_no_database_takes_as_text_is_404(store: SqliteStore, postgresql_url: str) -> None:
    with closing(open_ledger(postgresql_url)) as ledger:
        browser = Browser(make_app(store, ledger, FixedClock()))
        for path in (
            "/article/a%00",
            "/article/%00/history",
            "/story/%00",
            "/entity/%00",
            "/searches/%00",
            "/static/%00",
        ):
            assert browser.ask(path).status_code == 404
        assert browser.ask("/searches/%00/remove", "POST").status_code == 404
        assert browser.ask("/?story=%00").status_code == 400


# Safety


def poisoned() -> Document:
    made = document(
        "poisoned",
        headline=SCRIPT,
        deck=SCRIPT,
        text=f"{SCRIPT}\n\n<mark>ferry</mark> <img src=x onerror=alert(1)>",
        publisher=SCRIPT,
        section=SCRIPT,
        language=SCRIPT,
        people=[SCRIPT],
        organizations=[SCRIPT],
        places=[(SCRIPT, None)],
        quotes=[Quote(start=0, end=1, text=SCRIPT, speaker=f"person:{SCRIPT}", cue=SCRIPT)],
    )
    published = made.article.published
    assert published
    article = replace(
        made.article,
        url=f"https://news.example/{SCRIPT}",
        headline=Evidence(value=SCRIPT, source=SCRIPT),
        byline=Byline(authors=(SCRIPT,), agency=SCRIPT, raw=SCRIPT, source=SCRIPT),
        published=replace(published, raw=SCRIPT, source=SCRIPT),
        modified=replace(published, raw=SCRIPT, source=SCRIPT),
        topics=(SCRIPT,),
    )
    return replace(made, article=article)


@pytest.mark.parametrize("place", ["search", "article"])
def test_words_of_an_article_never_become_markup(store: SqliteStore, browser: Browser, place: str) -> None:
    store.write([poisoned()])
    address = "/?q=alert" if place == "search" else f"/article/{poisoned().id}"
    page = browser.read(address)
    assert words(page, ".hits h2, .reading h1") == SCRIPT
    assert page.css("script:not([src='/static/more.js']), img, style, [style], [onerror]") == []
    assert {mark.text() for mark in page.css("mark")} <= {"alert"}
    assert page.css(".facets a[href*='%3Cscript%3E']")


@pytest.mark.parametrize(
    "name", ["q", "person", "since", "until", "near", "area", "like", "story", "reprints", "sort", "limit"]
)
def test_words_of_the_address_never_become_markup(browser: Browser, name: str) -> None:
    response = browser.ask(f"/?{name}=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert response.text.count("<script") == 1  # our own
    assert "alert(1)" in response.text


@pytest.mark.parametrize("path", ["/", "/?q=ferry&q=", "/?since=x", "/article/none", "/health", "/static/style.css"])
def test_every_answer_forbids_what_the_page_does_not_need(browser: Browser, path: str) -> None:
    headers = browser.ask(path).headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_the_page_loads_nothing_but_its_own_style_icon_and_script(browser: Browser) -> None:
    page = browser.read("/?q=ferry")
    loaded = [node.attributes.get("href") or node.attributes.get("src") or "" for node in page.css("link, script")]
    assert sorted(loaded) == ["/static/icon.svg", "/static/more.js", "/static/style.css"]
    assert page.css("script:not([src])") == []
    assert {browser.ask(path).status_code for path in loaded} == {200}
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", "".join(browser.ask(path).text for path in loaded))


@pytest.mark.parametrize("path", ["/", f"/article/{VISIT.id}", "/health"])
def test_pages_can_be_asked_for_by_head_but_not_changed(browser: Browser, path: str) -> None:
    assert browser.ask(path, "HEAD").status_code == 200
    assert browser.ask(path, "POST").status_code == 405


# The ledger and the feeds


def test_feeds_that_need_a_person_stand_first_and_can_be_chosen(browser: Browser, ledger: SqlLedger) -> None:
    well, failing = (Feed(url=f"https://{name}.example/feed", publisher=name.title()) for name in ("aster", "birch"))
    ledger.add_feeds([well, failing], NOON)
    states = {feed.url: state for feed, state in ledger.feeds()}
    polled = {"polled_at": NOON, "last_new_entry_at": NOON, "due_at": NOON + timedelta(minutes=5)}
    ledger.save_feed_state(replace(states[well.url], **polled))
    ledger.save_feed_state(replace(states[failing.url], **polled, failures=3, last_error="timeout"))
    page = browser.read("/feeds")
    assert [node.text() for node in page.css("tbody .health")] == ["Failing", "Ok"]
    assert "3 times in a row: timeout" in words(page, "tbody tr")
    chosen = browser.read(link(page, ".sort", "Ok"))
    assert [node.text() for node in chosen.css("tbody th span")] == ["Aster"]
    assert words(browser.read("/feeds?health=gone"), ".empty") == "No feed is doing so."
    assert words(browser.read("/feeds?health=bogus", 400), "[role=alert]").startswith(
        "health is 'bogus'; it must be one of: "
    )


def test_without_feeds_the_page_says_how_to_add_one(browser: Browser) -> None:
    assert "newswire feeds add" in words(browser.read("/feeds"), ".empty")


def test_the_ledger_shows_fates_by_day_and_by_publisher(browser: Browser, ledger: SqlLedger) -> None:
    names = {1: "Harbour Post", 2: "Meridian", 3: SCRIPT, 4: "Meridian"}
    ledger.record_entries([an_entry(number, publisher=name) for number, name in names.items()], NOON)
    claims = {claim.entry.url[-1]: claim for claim in ledger.claim(a_batch(), NOON, limit=3, lease=LEASE)}
    ends = {"1": (Reason.NEW, 1), "2": (Reason.PAYWALL, 0), "3": (Reason.UNREACHABLE, 0)}
    ledger.settle(
        [
            an_outcome(claims[number], reason, at=NOON - timedelta(days=days), detail=SCRIPT)
            for number, (reason, days) in ends.items()
        ]
    )
    page = browser.read("/ledger")
    assert words(page, "h1") == "4 URLs seen, 1 pending"
    assert [node.text(strip=True) for node in page.css("[aria-labelledby=days] tbody th")] == [
        "2026-11-23",
        "2026-11-22",
    ]
    assert SCRIPT in words(page, "[aria-labelledby=dead] tbody")
    day = browser.read(link(page, "[aria-labelledby=days]", "2026-11-22"))
    assert words(day, "[role=region][aria-labelledby=publishers] tbody") == "Harbour Post 1 1"
    assert "longer ago" in words(browser.read("/ledger?day=2025-01-01"), "main")
    assert "must be a date" in words(browser.read("/ledger?day=yesterday", 400), "[role=alert]")
    assert page.css("script:not([src='/static/more.js'])") == []


def test_an_empty_ledger_is_balanced(browser: Browser) -> None:
    assert words(browser.read("/ledger"), "h1") == "0 URLs seen, 0 pending"


# Standing alone and mounted


def test_mounted_somewhere_all_links_stay_below(store: SqliteStore, ledger: SqlLedger) -> None:
    outer = FastAPI()
    outer.mount("/newswire", make_app(store, ledger, FixedClock()))
    browser = Browser(outer)
    entity = "/newswire/entity/person:Ebrahim%20Raisi"
    for path in ("/newswire/?person=Ebrahim+Raisi", f"/newswire/article/{VISIT.id}", entity, "/newswire/searches"):
        page = browser.read(path)
        links = [
            node.attributes.get("href") or node.attributes.get("action") or "" for node in page.css("a, link, form")
        ]
        assert all(each.startswith(("/newswire/", "#", "https://news.example/")) for each in links)
    assert browser.ask("/newswire/?q=ferry&since=").headers["location"] == "/newswire/?q=ferry"
    assert browser.ask("/newswire/static/style.css").status_code == 200


def test_health_counts_the_live_documents(browser: Browser) -> None:
    assert browser.ask("/health").json() == {"status": "ok", "documents": 3}


def test_a_search_that_takes_too_long_is_stopped_and_says_so(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sqlite_connections, "SEARCH_SECONDS", -1)
        patched.setattr(sqlite_connections, "_STEPS", 1)
        page = browser.read("/?q=ferry", 503)
    assert words(page, "h1") == "The search was not carried out"
    assert words(page, "[role=alert]").startswith(
        "the search was stopped after 10 seconds; narrow it, by since for instance"
    )
    assert len(headlines(browser.read("/?q=ferry"))) == 2


def no_database(folder: Path) -> SqliteStore:
    return SqliteStore(folder, clock=FixedClock())


def no_index(folder: Path) -> SqliteStore:
    (folder / "search.sqlite").write_text("A shopping list, in words.\n" * 1000)
    return SqliteStore(folder / "search.sqlite", clock=FixedClock())


def no_server(_: Path) -> ElasticsearchStore:
    return ElasticsearchStore("http://127.0.0.1:9", clock=FixedClock())


@pytest.mark.parametrize(
    ("opened", "title", "advice"),
    [
        (no_database, "does not answer", "try again"),
        (no_server, "does not answer", "try again"),
        (no_index, "cannot be used", "Trying again does not help"),
    ],
)
def test_what_is_wrong_with_a_store_is_for_the_log_not_for_visitors(
    tmp_path: Path,
    ledger: SqlLedger,
    caplog: pytest.LogCaptureFixture,
    opened: Callable[[Path], SearchStore],
    title: str,
    advice: str,
) -> None:
    browser = Browser(make_app(opened(tmp_path), ledger, FixedClock()))
    page, health = browser.read("/?q=ferry", 503), browser.ask("/health")
    assert title in words(page, "h1")
    assert advice in words(page, "[role=alert]")
    assert (health.status_code, health.json()["status"]) == (503, "unavailable")
    for secret in (str(tmp_path), "127.0.0.1", "HTTPConnection"):
        assert secret not in page.html + health.text
    where = "127.0.0.1:9" if opened is no_server else str(tmp_path)
    assert [where in record.getMessage() for record in caplog.records if record.name == "pipeline.web.page"] == [
        True
    ] * 2


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "example.org", ""])
def test_other_machines_are_not_served_without_a_token(host: str) -> None:
    with pytest.raises(UsageError, match="NEWSWIRE_SERVE_TOKEN"):
        serve_page(FastAPI(), host, 8787)


@contextmanager
def served(home: Path, host: str, **settings: str) -> Iterator[int]:
    """Run ``newswire serve`` until the end of the block; give its port."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "newswire"), "serve", f"--host={host}", f"--port={port}"]
    environ = os.environ | {"NEWSWIRE_HOME": str(home)} | settings
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            assert any("running on" in line for line in server.stderr)
            yield port
        finally:
            server.terminate()


def test_served_alone_it_answers_only_to_its_own_name(tmp_path: Path) -> None:
    with served(tmp_path, "127.0.0.1") as port:
        assert httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200
        stranger = httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": "rebound.example"}, trust_env=False)
        assert stranger.status_code == 400


def test_served_to_others_it_asks_each_request_for_the_token(tmp_path: Path) -> None:
    token = secrets.token_urlsafe()
    with (
        served(tmp_path, "0.0.0.0", NEWSWIRE_SERVE_TOKEN=token) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        for path in ("/", "/health", "/static/style.css"):
            refused = client.get(path)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Basic")
        for wrong in (token[:-1], "", token.upper()):
            assert client.get("/", auth=("anyone", wrong)).status_code == 401
        for nonsense in ("Bearer", "Basic !!!", "Basic é", f"Digest {token}", token):
            assert client.get("/", headers={"Authorization": nonsense.encode()}).status_code == 401
        assert client.get("/", auth=("anyone", token)).status_code == 200
        assert client.get("/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        assert client.get("/health", auth=("anyone", token), headers={"Host": "news.example"}).status_code == 200
