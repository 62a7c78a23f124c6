"""Versions, planned visits and withdrawals: from a claim to what searches and the history see, on both search stores."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.corrections import keep_versions, read_replaced
from pipeline.errors import NewswireError, Reject, Retry
from pipeline.model import codec
from pipeline.model.capture import Batch, Capture
from pipeline.model.document import Document
from pipeline.model.fate import Claim, Fate, Outcome, Reason, Withdrawal
from pipeline.model.feed import Entry
from pipeline.model.handover import Extracted
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.documents import NOON, FixedClock, document

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def wiring(search_settings: dict[str, str], tmp_path: Path) -> Iterator[Wiring]:
    wiring = Wiring(read_settings({"NEWSWIRE_HOME": str(tmp_path), **search_settings}))
    wiring.clock = FixedClock(NOON)
    yield wiring
    wiring.close()


def at(wiring: Wiring, after: timedelta) -> None:
    wiring.clock = FixedClock(NOON + after)


def announce(wiring: Wiring, given: Document) -> None:
    entry = Entry(
        url=given.article.url, feed_url=given.feed_url, publisher=given.publisher, title=given.article.headline.value
    )
    wiring.ledger.record_entries([entry], wiring.clock.now())


def claim(wiring: Wiring) -> tuple[Batch, tuple[Claim, ...]]:
    """Claim what is due, as a fetching batch does."""
    now = wiring.clock.now()
    batch = Batch(id=f"batch-{now.isoformat()}", opened_at=now)
    return batch, wiring.ledger.claim(batch, now, limit=50, lease=HOUR)


def visit(wiring: Wiring, *found: Document) -> int:
    """Let the claims that are due end in these documents; return how many there were."""
    batch, claims = claim(wiring)
    documents = {each.article.url: each for each in found}
    lines = [codec.encode(Extracted(claim=each, document=documents[each.entry.url])) for each in claims]
    with wiring.archive.open_batch(batch):
        wiring.archive.write_lines(batch, "documents", lines)
    wiring.index_batch(batch)
    return len(claims)


class Answering:
    """A fetcher that has one answer."""

    def __init__(self, answer: Capture | NewswireError) -> None:
        self.answer = answer
        self.asked = list[str]()

    async def fetch(self, url: str, **_: object) -> Capture:
        self.asked.append(url)
        if isinstance(self.answer, NewswireError):
            raise self.answer
        return replace(self.answer, url=url, final_url=url)


def test_what_an_article_said_before_is_kept_with_the_difference(wiring: Wiring) -> None:
    first = document("one", text="Eleven people were hurt.", people=["Ana Ruiz"])
    announce(wiring, first)
    assert visit(wiring, first) == 1
    at(wiring, HOUR)
    second = document("one", text="Twelve people were hurt.\n\nCorrection: not eleven.", captured_at=NOON + HOUR)
    assert visit(wiring, second) == 1
    at(wiring, DAY)
    third = document("one", headline="Another", text=second.article.text, captured_at=NOON + DAY)
    assert visit(wiring, third) == 1
    one, two = wiring.store.versions(first.id)
    assert (one.number, one.form["text"], one.replaced_at) == (1, "Eleven people were hurt.", NOON + HOUR)
    assert one.difference.is_correction
    assert one.difference.removed == ("Eleven",)
    assert one.difference.entities_dropped == ("Ana Ruiz",)
    assert (two.number, two.form["text"], two.replaced_at) == (2, second.article.text, NOON + DAY)
    assert two.difference.headline_changed
    assert two.difference.size == 0
    current = wiring.store.document(first.id)
    assert current
    assert current["headline"] == "Another"


def test_a_batch_that_is_repeated_keeps_no_version_of_itself(wiring: Wiring) -> None:
    first = document("one", text="Eleven people.")
    second = document("one", text="Twelve people.", captured_at=NOON + HOUR)
    announce(wiring, first)
    visit(wiring, first)
    known = wiring.ledger.articles([first.id])
    for _ in range(2):
        keep_versions([second], read_replaced([second], known, store=wiring.store), known, store=wiring.store)
        wiring.store.write([second])
    [version] = wiring.store.versions(first.id)
    assert version.form["text"] == "Eleven people."


def test_what_is_older_than_what_is_indexed_changes_nothing(wiring: Wiring) -> None:
    """A batch that others had given up is indexed after theirs."""
    newer = document("one", text="Ice on the lake strands ships.", captured_at=NOON + HOUR)
    announce(wiring, newer)
    visit(wiring, newer)
    story = wiring.ledger.stories_of([newer.id])
    announce(
        wiring, replace(newer, article=replace(newer.article, headline=replace(newer.article.headline, value="Two")))
    )
    older = document("one", text="Ministers of two countries sign eight accords.", captured_at=NOON)
    visit(wiring, older)
    assert wiring.ledger.tally().fates == {Fate.UNCHANGED: 1}
    assert wiring.ledger.articles([newer.id])[newer.id].version == 1
    assert wiring.ledger.stories_of([newer.id]) == story
    form = wiring.store.document(newer.id)
    assert form
    assert (form["text"], form["story"]) == (newer.article.text, story[newer.id])
    assert wiring.store.versions(newer.id) == ()


def test_an_article_is_visited_again_after_an_hour_a_day_and_a_week(wiring: Wiring) -> None:
    same = document("one")
    announce(wiring, same)
    visits = []
    for hour in range(8 * 24):
        at(wiring, hour * HOUR)
        if visit(wiring, same):
            visits.append(hour)
    assert visits == [0, 1, 24, 7 * 24]
    assert wiring.ledger.tally().fates == {Fate.UNCHANGED: 1}


def test_old_articles_and_those_of_a_setting_without_are_not_visited_again(wiring: Wiring) -> None:
    old = document("old", published=NOON - 30 * DAY)
    announce(wiring, old)
    visit(wiring, old)
    at(wiring, 8 * DAY)
    assert claim(wiring)[1] == ()
    wiring.settings = read_settings({"NEWSWIRE_REVISITS": "none"})
    new = document("new", published=NOON + 8 * DAY, first_seen_at=NOON + 8 * DAY)
    announce(wiring, new)
    visit(wiring, new)
    at(wiring, 20 * DAY)
    assert claim(wiring)[1] == ()


def test_what_is_new_goes_first(wiring: Wiring) -> None:
    old, new = document("old"), document("new")
    announce(wiring, old)
    visit(wiring, old)
    at(wiring, 2 * HOUR)
    announce(wiring, new)
    assert [each.entry.url for each in claim(wiring)[1]] == [new.article.url]


def test_a_hosts_turns_are_for_new_pages_first(wiring: Wiring) -> None:
    old = document("old")
    announce(wiring, old)
    visit(wiring, old)
    at(wiring, HOUR)
    announce(wiring, document("old", headline="Corrected"))
    at(wiring, 2 * HOUR)
    announce(wiring, document("new"))
    fetcher = Answering(Reject(Reason.ROBOTS, "not allowed"))
    asyncio.run(wiring.fetch_batch(Batch(id="batch", opened_at=NOON + 2 * HOUR), fetcher))
    assert fetcher.asked == [document(name).article.url for name in ("new", "old")]


SHORT = b"<html><title>Before you continue</title><body><p>Accept cookies to continue.</p></body></html>"
ANSWER = Capture(url="", final_url="", fetched_at=NOON + HOUR, status=200, body=SHORT)


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        (replace(ANSWER, status=404), Fate.GONE),
        (Reject(Reason.ROBOTS, "not allowed"), Fate.REFUSED),
        (Retry("answered 503"), Fate.DEAD_LETTER),
        (ANSWER, Fate.NOT_ARTICLE),
    ],
    ids=["gone", "robots", "unreachable", "no article"],
)
def test_a_visit_that_finds_no_article_calls_off_none_of_those_to_come(
    wiring: Wiring, answer: Capture | NewswireError, fate: Fate
) -> None:
    same, new = document("one"), document("never-an-article")
    announce(wiring, same)
    visit(wiring, same)
    at(wiring, HOUR)
    announce(wiring, new)
    wiring.settings = replace(wiring.settings, retries=())
    for name in "ab":  # the new one, and what is visited again
        batch = Batch(id=f"batch-{name}", opened_at=NOON + HOUR)
        if asyncio.run(wiring.fetch_batch(batch, Answering(answer))).passed:
            wiring.extract_batch(batch)
    assert wiring.ledger.tally().fates == {fate: 2}
    visits = []
    for hour in range(2, 9 * 24, 2):
        at(wiring, hour * HOUR)
        if visit(wiring, same):  # of the page alone that was an article once
            visits.append(hour)
    assert visits == [24, 7 * 24]
    assert wiring.ledger.withdrawals([same.id]) == {}
    assert wiring.ledger.tally().fates == {fate: 1, Fate.UNCHANGED: 1}


@pytest.mark.parametrize("reason", [Reason.NOT_FOUND, Reason.REMOVED])
def test_a_page_that_is_gone_stays_and_is_marked(wiring: Wiring, reason: Reason) -> None:
    gone = document("gone")
    announce(wiring, gone)
    visit(wiring, gone)
    at(wiring, HOUR)
    [claimed] = claim(wiring)[1]
    end = Outcome(url=gone.article.url, revision=claimed.revision, reason=reason, at=NOON + HOUR)
    wiring.ledger.settle([end])
    wiring.correct_documents()
    form = wiring.store.document(gone.id)
    assert form
    assert form["withdrawn_at"] == (NOON + HOUR).isoformat()
    assert wiring.ledger.withdrawals([gone.id]) == {gone.id: NOON + HOUR}
    announce(wiring, document("gone", headline="It is back"))
    at(wiring, DAY)
    visit(wiring, gone)
    form = wiring.store.document(gone.id)
    assert form
    assert "withdrawn_at" not in form
    assert wiring.ledger.withdrawals([gone.id]) == {}
    assert wiring.ledger.absences(gone.id) == (Withdrawal(withdrawn_at=NOON + HOUR, returned_at=NOON + DAY),)


LONG = " ".join(
    f"In sentence {number} the mayor of Delft spoke of dike {number * 7} and its keeper." for number in range(30)
)
NOTICE = "Ce texte a été retiré par la rédaction, qui présente ses excuses aux lecteurs et aux personnes nommées."


@pytest.mark.parametrize(
    ("headline", "reason"),
    [("Texte retiré", Reason.REMOVED), ("A headline", Reason.TOO_SHORT)],
    ids=["removed", "unsure"],
)
def test_a_notice_in_its_place_does_not_replace_the_article(wiring: Wiring, headline: str, reason: Reason) -> None:
    whole = document("one", text=LONG)
    announce(wiring, whole)
    visit(wiring, whole)
    for hours in (1, 24):
        at(wiring, hours * HOUR)
        assert visit(wiring, document("one", headline=headline, text=NOTICE, captured_at=wiring.clock.now())) == 1
    assert wiring.ledger.reasons() == {reason: 1}
    form = wiring.store.document(whole.id)
    assert form
    assert form["text"] == LONG
    assert form.get("withdrawn_at") == ((NOON + HOUR).isoformat() if reason is Reason.REMOVED else None)
    assert wiring.store.versions(whole.id) == ()
    at(wiring, 7 * DAY)  # the last planned visit, which a notice does not call off
    assert visit(wiring, whole) == 1
    form = wiring.store.document(whole.id)
    assert form
    assert "withdrawn_at" not in form
    assert len(wiring.ledger.absences(whole.id)) == (1 if reason is Reason.REMOVED else 0)
