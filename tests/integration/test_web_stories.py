"""Reprints, stories and histories on the search page, asked as a browser without JavaScript would."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.corrections import amend_documents
from pipeline.index.document import document_json, withdrawal_json
from pipeline.model.capture import Batch
from pipeline.model.document import Document
from pipeline.model.fate import Reason
from pipeline.model.reprint import Reprint
from pipeline.model.version import Version
from pipeline.stories.traits import make_telling
from pipeline.versions.difference import compare_forms
from pipeline.web.page import make_app
from tests.fixtures.browser import Browser, headlines, link, node_of, parameters, words
from tests.fixtures.documents import NOON, FixedClock, document
from tests.fixtures.entries import LEASE, an_article, an_entry, an_outcome
from tests.fixtures.tellings import telling

SCRIPT = "<script>alert(1)</script>"
HOUR = timedelta(hours=1)
TEXT = "Alexander Lukashenko came to Tehran on Tuesday and signed eight accords on tractors, medicines and banks."
WIRE = document(
    "wire", headline="Eight accords signed", text=TEXT, publisher="Kestrel", people=["Alexander Lukashenko"]
)
OTHER = document("other", headline="Snow in Duluth", text="Nothing of it.", publisher="Harbour")


def printed_by(publisher: str, hours: int) -> Document:
    link = Reprint(reprint_of=WIRE.id, similarity=0.5, own_share=0.375)
    own = document(
        publisher.lower(),
        headline=f"{publisher} on the accords",
        text=TEXT,
        publisher=publisher,
        published=NOON + hours * HOUR,
        first_seen_at=NOON + hours * HOUR,
        people=["Alexander Lukashenko"],
    )
    return replace(own, reprint=link)


REPRINT, SECOND = printed_by("Strombote", 1), printed_by("Harbour", 2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / "search.sqlite", clock=FixedClock())) as opened:
        opened.prepare()
        yield opened


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    with closing(open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as opened:
        yield opened


@pytest.fixture
def story(store: SqliteStore, ledger: SqlLedger) -> str:
    """Index one text that three outlets printed, and another; return the story of the three."""
    documents = [WIRE, REPRINT, SECOND, OTHER]
    joined = ledger.join_stories([make_telling(each) for each in documents], NOON)
    assert store.write([replace(each, story=joined[each.id]) for each in documents]) == ()
    assert len(set(joined.values())) == 2
    return joined[WIRE.id]


@pytest.fixture
def browser(store: SqliteStore, ledger: SqlLedger) -> Browser:
    return Browser(make_app(store, ledger, FixedClock()))


# Reprints


@pytest.mark.usefixtures("story")
def test_a_switch_in_the_address_folds_reprints_or_leaves_them_out(browser: Browser) -> None:
    page = browser.read("/?q=accords&sort=newest")
    assert len(headlines(page)) == 3
    assert words(page, ".reprints [aria-current]") == "All articles"
    folded = link(page, ".reprints", "Each text once")
    assert parameters(folded) == [("q", "accords"), ("sort", "newest"), ("reprints", "folded")]
    assert headlines(browser.read(folded)) == ["Harbour on the accords"]
    originals = link(browser.read(folded), ".reprints", "Originals only")
    page = browser.read(originals)
    assert headlines(page) == ["Eight accords signed"]
    assert words(page, ".reprints [aria-current]") == "Originals only"
    assert link(page, ".reprints", "All articles") == "/?q=accords&sort=newest"
    assert node_of(page, "form.search input[name=reprints]").attributes["value"] == "none"


@pytest.mark.usefixtures("story")
def test_a_hit_names_its_original_and_who_else_printed_it(browser: Browser) -> None:
    page = browser.read("/?q=accords&sort=newest&reprints=folded")
    assert words(page, ".hits p.prints") == "Reprint of Eight accords signed, Kestrel"
    assert link(page, ".hits p.prints", "Eight accords") == f"/article/{WIRE.id}"
    assert words(page, ".hits summary") == "Also printed by Strombote"
    assert link(page, ".hits details", "Strombote on") == f"/article/{REPRINT.id}"
    unfolded = browser.read("/?q=accords&sort=newest")
    assert len(unfolded.css(".hits p.prints")) == 2
    assert unfolded.css(".hits summary") == []


@pytest.mark.usefixtures("story")
def test_whoever_else_printed_a_text_is_counted_beyond_those_that_are_named(
    browser: Browser, store: SqliteStore
) -> None:
    store.write([printed_by(f"Outlet {number}", 3 + number) for number in range(250)])
    page = browser.read("/?q=accords&sort=newest&reprints=folded")
    names = words(page, ".hits summary").split(", ")
    assert names[:3] == ["Also printed by Strombote", "Harbour", "Outlet 0"]
    assert names[-1].endswith(f" and {251 - len(names)} more")
    assert len(page.css(".hits details li")) == len(names)
    assert words(browser.read(f"/article/{WIRE.id}"), ".note").endswith(", Outlet 245 and 247 more.")
    assert words(browser.read(f"/article/{REPRINT.id}"), ".note:nth-of-type(3)").endswith(", Outlet 245 and 246 more.")


@pytest.mark.usefixtures("story")
def test_a_hit_says_that_its_page_is_gone(browser: Browser, store: SqliteStore) -> None:
    assert browser.read("/?q=accords").css(".hits .alert") == []
    amend_documents(store, {WIRE.id: withdrawal_json(NOON)})
    assert words(browser.read("/?q=accords"), ".hits .alert").startswith("The page is gone since")


def test_a_time_that_utc_cannot_hold_is_a_bad_request(browser: Browser) -> None:
    assert "outside the years 1 to 9999" in browser.read("/stories?since=0001-01-01T00:00%2B14:00", 400).text()


@pytest.mark.usefixtures("story")
def test_an_article_says_what_it_took_and_who_took_from_it(browser: Browser, store: SqliteStore) -> None:
    page = browser.read(f"/article/{REPRINT.id}")
    assert words(page, ".note") == "A reprint: 62 % of its words stand in Eight accords signed, Kestrel."
    assert link(page, ".note", "Harbour") == f"/article/{SECOND.id}"
    assert words(browser.read(f"/article/{WIRE.id}"), ".note") == "Also printed by Harbour, Strombote."
    assert browser.read(f"/article/{OTHER.id}").css("article .note") == []
    lost = replace(
        REPRINT, reprint=Reprint(reprint_of="0" * 32, similarity=0.5, own_share=0.1), captured_at=NOON + HOUR
    )
    store.write([lost])
    page = browser.read(f"/article/{REPRINT.id}")
    assert words(page, ".note") == "A reprint: 90 % of its words stand in an article that the index does not hold."


# Stories


def test_stories_are_listed_by_size_and_by_recency(browser: Browser, ledger: SqlLedger, story: str) -> None:
    later = [
        document(
            f"storm-{outlet}",
            headline="Storm Ottilie floods Hayle",
            text="Storm Ottilie flooded Hayle in Cornwall on Thursday; the gate closed and 40 houses were emptied.",
            publisher=outlet,
            published=NOON + 20 * HOUR,
            first_seen_at=NOON + 20 * HOUR,
            places=[("Hayle", None)],
        )
        for outlet in ("Harbour", "Tide")
    ]
    ledger.join_stories([make_telling(each) for each in later], NOON + 20 * HOUR)
    page = browser.read("/stories")
    assert headlines(page)[-1] == "Storm Ottilie floods Hayle"
    assert len(headlines(page)) == 2
    assert words(page, ".hits .meta").startswith("3 articles")
    assert link(page, ".hits h2", headlines(page)[0]) == f"/story/{story}"
    newest = link(page, ".sort", "Newest")
    assert newest == "/stories?sort=newest"
    assert headlines(browser.read(newest))[0] == "Storm Ottilie floods Hayle"
    assert headlines(browser.read("/stories?since=2026-11-24&sort=newest")) == ["Storm Ottilie floods Hayle"]
    assert node_of(browser.read("/stories?since=2026-11-24"), "#stories-since").attributes["value"] == "2026-11-24"
    more = link(browser.read("/stories?limit=1"), ".more", "Show more")
    assert more == "/stories?limit=21#hit-2"
    assert browser.read("/stories?since=2100-01-01").css(".empty")


def test_the_last_of_many_stories_are_one_link_away(browser: Browser, ledger: SqlLedger) -> None:
    pairs = [(f"{number}-{part}", f"word{number}") for number in range(1001) for part in "ab"]
    ledger.join_stories([telling(name, about) for name, about in pairs], NOON)
    assert link(browser.read("/stories?limit=990"), ".more", "Show more") == "/stories?limit=1000#hit-991"
    assert browser.read("/stories?limit=1000").css(".more") == []


def test_a_story_has_its_timeline_and_can_be_searched(browser: Browser, ledger: SqlLedger, story: str) -> None:
    page = browser.read(f"/story/{story}")
    found = ledger.story(story)
    assert found
    assert words(page, "h1") == found.label
    assert words(page, ".kicker").startswith("Story · 3 articles · 23 November 2026")
    assert [node.text() for node in page.css(".course a")] == [
        "Eight accords signed",
        "Strombote on the accords",
        "Harbour on the accords",
    ]
    assert link(page, ".course", "Eight accords") == f"/article/{WIRE.id}"
    inside = link(page, ".meta", "Search in this story")
    assert inside == f"/?story={story}"
    page = browser.read(inside)
    assert len(headlines(page)) == 3
    assert words(page, ".chosen").startswith("Remove Story ")
    assert found.label in words(page, ".chosen")
    assert node_of(page, "form.search input[name=story]").attributes["value"] == story


def test_an_article_leads_to_its_story_and_the_others_of_it(browser: Browser, story: str) -> None:
    page = browser.read(f"/article/{WIRE.id}")
    assert [node.text(strip=True) for node in page.css(".story li a")] == [
        "Harbour on the accords",
        "Strombote on the accords",
    ]
    assert link(page, ".story", "All 3 articles") == f"/story/{story}"
    assert browser.read(f"/article/{OTHER.id}").css(".story") == []


def test_a_merged_story_leads_to_the_one_that_it_is_now(
    browser: Browser, ledger: SqlLedger, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, read = ledger.story(story), ledger.story
    monkeypatch.setattr(ledger, "story", lambda given: found if given == "0123456789abcdef" else read(given))
    for old, new in (
        ("/story/0123456789abcdef", f"/story/{story}"),
        ("/?story=0123456789abcdef&q=a", f"/?q=a&story={story}"),
    ):
        response = browser.ask(old)
        assert (response.status_code, response.headers["location"]) == (302, new)


def test_what_makes_no_sense_is_said(browser: Browser) -> None:
    assert words(browser.read("/story/none", 404), "h1") == "Not Found"
    assert words(browser.read("/story/%00", 404), "h1") == "Not Found"
    assert words(browser.read("/stories?since=yesterday", 400), "[role=alert]").startswith("since is 'yesterday'")
    assert words(browser.read("/stories?sort=best", 400), "[role=alert]").startswith("sort is 'best'")
    assert words(browser.read("/stories?limit=-1", 400), "[role=alert]").startswith("limit is '-1'")
    assert words(browser.read("/?q=ferry&story=none", 404), "[role=alert]").startswith("There is no story none")
    assert words(browser.read("/article/none/history", 404), "h1") == "Not Found"
    assert "told by two articles yet" in words(browser.read("/stories"), ".empty")


# Histories


@pytest.fixture
def corrected(store: SqliteStore) -> str:
    """Index an article that was corrected once, and return its id."""
    before = document("ice", headline="61 ships", text=f"Ice holds 61 ships. {SCRIPT}")
    after = document(
        "ice", headline="16 ships", text="Ice holds 16 ships.\n\nCorrection: not 61.", captured_at=NOON + HOUR
    )
    old, new = document_json(before), document_json(after)
    difference = compare_forms(old, new)
    store.keep_versions(
        [Version(article_id=before.id, number=1, replaced_at=NOON + HOUR, form=old, difference=difference)]
    )
    store.write([after])
    return before.id


def test_a_history_shows_each_change_by_colour_line_sign_and_word(browser: Browser, corrected: str) -> None:
    article = browser.read(f"/article/{corrected}")
    assert words(article, ".note").startswith("Corrected. Changed 1 time since it was first seen")
    address = link(article, ".note", "what was changed")
    page = browser.read(address)
    assert [node.text(strip=True)[:9] for node in page.css(".history section h2")] == ["Version 2", "Version 1"]
    assert words(page, ".corrected") == "Corrected"
    assert "the headline was “61 ships”" in words(page, ".notes")
    removed, added = page.css(".difference del"), page.css(".difference ins")
    assert removed[0].text().startswith("removed: 61")
    assert added[0].text().startswith("added: 16")
    assert page.css("script:not([src='/static/more.js'])") == []
    assert SCRIPT in node_of(page, ".difference").text()
    sheet = browser.ask("/static/style.css").text
    for name, line in (("ins", "underline"), ("del", "line-through")):
        assert re.search(rf"^{name} {{ background: var\(--\w+\); text-decoration: {line}", sheet, re.MULTILINE)
        assert re.search(rf'^{name}::before {{ content: "[+−]"', sheet, re.MULTILINE)


def test_a_page_that_is_gone_says_so(browser: Browser, corrected: str, store: SqliteStore) -> None:
    amend_documents(store, {corrected: withdrawal_json(NOON)})
    for address in (f"/article/{corrected}", f"/article/{corrected}/history"):
        assert "gone since 23 November 2026, 12:00 UTC" in words(browser.read(address), ".alert")


def test_a_page_that_came_back_says_when_it_was_gone(browser: Browser, corrected: str, ledger: SqlLedger) -> None:
    ledger.record_entries([an_entry(1)], NOON)
    for reason, after in ((Reason.NEW, 0), (Reason.REMOVED, 1), (Reason.SAME_CONTENT, 2)):
        at = NOON + timedelta(hours=after)
        ledger.record_entries([replace(an_entry(1), title=f"{after}")], at)
        [claim] = ledger.claim(Batch(id=f"{after}", opened_at=at), at, limit=1, lease=LEASE)
        article_id = None if reason is Reason.REMOVED else corrected
        state = replace(an_article(corrected), url=claim.entry.url)
        ledger.settle([replace(an_outcome(claim, reason, article_id=article_id), at=at)], [] if after else [state])
    shown = words(browser.read(f"/article/{corrected}/history"), ".alert")
    assert shown == "The page was gone on 23 November 2026, 13:00 UTC, and there again on 23 November 2026, 14:00 UTC."
    assert browser.read(f"/article/{corrected}").css(".alert") == []


def test_an_article_that_never_changed_has_one_version(browser: Browser, store: SqliteStore) -> None:
    store.write([OTHER])
    page = browser.read(f"/article/{OTHER.id}/history")
    assert len(page.css(".history section")) == 1
    assert page.css(".difference") == []


@pytest.mark.usefixtures("story")
def test_no_words_of_articles_become_markup(browser: Browser, store: SqliteStore, ledger: SqlLedger) -> None:
    poisoned = [
        document(f"poison-{outlet}", headline=SCRIPT, text=TEXT, publisher=SCRIPT + outlet, people=[SCRIPT, "Ana Ruiz"])
        for outlet in ("a", "b")
    ]
    linked = replace(poisoned[1], reprint=Reprint(reprint_of=poisoned[0].id, similarity=0.9, own_share=0.1))
    joined = ledger.join_stories([make_telling(each) for each in poisoned], NOON)
    store.write([replace(each, story=joined[each.id]) for each in (poisoned[0], linked)])
    paths = ("/stories", f"/story/{joined[linked.id]}", f"/article/{linked.id}", "/?reprints=folded&sort=newest", "/")
    for path in paths:
        page = browser.read(path)
        assert page.css("script:not([src='/static/more.js']), img, [onerror]") == []
        assert SCRIPT in node_of(page, "main").text()
