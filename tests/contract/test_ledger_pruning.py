"""What every ledger promises of pruning: rows get light, and no URL, fate or announcement is forgotten."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select

from pipeline.adapters.sql_database import Database
from pipeline.adapters.sql_ledger import SqlLedger
from pipeline.adapters.sql_schema import hosts, urls
from pipeline.model.capture import CaptureRef
from pipeline.model.fate import FEED_TEXT, Fate, Reason
from pipeline.model.feed import Entry
from pipeline.model.host import RobotsFile
from pipeline.ports import Ledger, Recorded
from tests.fixtures.entries import LEASE, MINUTE, NOW, a_batch, a_time, an_article, an_entry, an_outcome

DAY = timedelta(days=1)
LATER = NOW + 100 * DAY
CAPTURE = CaptureRef(path="2026/11/23/batch.warc.gz", offset=7, length=77)
CONTENT = "<p>All that is known."


def full_entry(name: object = 1) -> Entry:
    return an_entry(name, content_html=CONTENT, authors=("A",), updated=a_time(10), published=a_time(9))


def settle(ledger: Ledger, *entries: Entry, reason: Reason = Reason.NEW, **more: object) -> None:
    ledger.record_entries(entries, NOW)
    claims = ledger.claim(a_batch(entries[0].url), NOW, limit=len(entries), lease=LEASE)
    ledger.settle([an_outcome(claim, reason, **{"detail": "a word", "capture": CAPTURE, **more}) for claim in claims])


def prune_all(ledger: Ledger, before: datetime = LATER) -> int:
    pruned = 0
    while count := ledger.prune(before, LATER, limit=3):
        pruned += count
    return pruned


def stored_entry(ledger: Ledger, entry: Entry) -> Entry:
    known = ledger.entry(entry.url)
    assert known is not None
    return known[0]


def test_a_pruned_url_keeps_everything_but_what_is_heavy(ledger: Ledger, ledger_url: str) -> None:
    settle(ledger, full_entry(), article_id="a" * 32)
    database = Database(ledger_url)
    with database.read() as connection:
        (before,) = connection.execute(select(urls)).mappings().all()
    assert prune_all(ledger) == 1
    with database.read() as connection:
        (after,) = connection.execute(select(urls)).mappings().all()
    database.close()
    changed = {name for name, value in before.items() if after[name] != value}
    assert changed == {"entry", "detail", "pruned_at"}
    assert (after["detail"], after["pruned_at"]) == (None, LATER)
    light = stored_entry(ledger, full_entry())
    assert light == replace(full_entry(), content_html=None, summary=None, content_digest=light.content_digest)
    assert len(after["entry"]) < 700


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.fate is not Fate.DEAD_LETTER])
def test_a_feed_that_still_lists_a_pruned_url_announces_nothing(ledger: Ledger, reason: Reason) -> None:
    plain = an_entry(2, summary=None)
    settle(ledger, full_entry(), plain, reason=reason)
    sums = ledger.tally(), ledger.reasons()
    assert prune_all(ledger) == 2
    for _ in range(2):
        assert ledger.record_entries([full_entry(), plain], LATER) == Recorded(known=2)
        assert ledger.record_entries([an_entry(2, summary="Another")], LATER) == Recorded(known=1)
    assert (ledger.tally(), ledger.reasons()) == sums
    assert ledger.claim(a_batch("late", LATER), LATER, limit=5, lease=LEASE) == ()


@pytest.mark.parametrize(
    "news", [{"title": "Corrected"}, {"content_html": "<p>More is known."}, {"updated": a_time(11)}]
)
def test_a_real_change_of_a_pruned_url_is_still_seen(ledger: Ledger, news: dict[str, object]) -> None:
    settle(ledger, full_entry())
    prune_all(ledger)
    changed = replace(full_entry(), **news)
    assert ledger.record_entries([changed], LATER) == Recorded(changed=1)
    (claim,) = ledger.claim(a_batch("late", LATER), LATER, limit=5, lease=LEASE)
    assert (claim.entry, claim.first_seen_at, claim.revision) == (changed, NOW, 2)
    # Settled anew, it is pruned anew.
    ledger.settle([an_outcome(claim, Reason.NEW_VERSION)])
    assert prune_all(ledger) == 1
    assert ledger.record_entries([changed], LATER) == Recorded(known=1)


def test_content_that_appears_on_a_pruned_url_that_had_none_is_a_change(ledger: Ledger) -> None:
    settle(ledger, an_entry())
    prune_all(ledger)
    assert ledger.record_entries([an_entry(content_html=CONTENT)], LATER) == Recorded(changed=1)


def test_what_is_young_pending_or_a_dead_letter_stays_whole(ledger: Ledger) -> None:
    young, dead, pending = full_entry("young"), full_entry("dead"), full_entry("pending")
    settle(ledger, dead, reason=Reason.STORE_REFUSED, document='{"id": 1}')
    settle(ledger, young, at=LATER)
    ledger.record_entries([pending], NOW)
    assert ledger.count_prunable(LATER) == 0
    assert prune_all(ledger) == 0
    assert [stored_entry(ledger, entry) for entry in (young, dead, pending)] == [young, dead, pending]
    [letter] = ledger.dead_letters()
    assert ledger.dead_letter(letter.url) == replace(letter, detail="a word", document='{"id": 1}')
    ledger.revive([], LATER)
    claims = ledger.claim(a_batch("late", LATER), LATER, limit=5, lease=LEASE)
    assert {claim.entry for claim in claims} == {dead, pending}


@pytest.mark.parametrize("last", [None, Reason.SAME_CONTENT, Reason.NOT_FOUND, Reason.ROBOTS, Reason.NOT_HTML])
def test_the_only_copy_of_an_articles_text_is_never_pruned_however_later_visits_end(
    ledger: Ledger, last: Reason | None
) -> None:
    article = an_article(1, has_feed_text=True)
    settle(ledger, full_entry(), article_id=article.article_id, detail=FEED_TEXT)
    ledger.settle([], [article])
    if last:  # of a planned visit, say
        ledger.record_entries([replace(full_entry(), updated=a_time(11))], NOW)
        [claim] = ledger.claim(a_batch("again"), NOW, limit=1, lease=LEASE)
        ledger.settle([an_outcome(claim, last)])
    assert prune_all(ledger) == 1
    assert stored_entry(ledger, full_entry()).content_html == CONTENT
    assert ledger.holdings([full_entry().url])[full_entry().url].article == article
    assert ledger.count_prunable(LATER) == 0  # and is not looked at every day


def test_the_entry_of_an_article_whose_text_the_page_has_by_now_is_pruned_and_so_is_another_urls(
    ledger: Ledger,
) -> None:
    holder, other = full_entry(1), full_entry("other")
    article = an_article(1, has_feed_text=True)
    settle(ledger, holder, other, article_id=article.article_id)
    ledger.settle([], [article])
    prune_all(ledger)
    assert [stored_entry(ledger, each).content_html for each in (holder, other)] == [CONTENT, None]
    settle(ledger, replace(holder, title="Another"), article_id=article.article_id)
    ledger.settle([], [replace(article, has_feed_text=False, version=2)])
    prune_all(ledger)
    assert stored_entry(ledger, holder).content_html is None


def test_pruning_goes_by_chunks_and_comes_to_an_end(ledger: Ledger) -> None:
    settle(ledger, *(full_entry(number) for number in range(8)))
    assert ledger.count_prunable(NOW) == 0
    assert ledger.prune(NOW, LATER, limit=5) == 0
    assert ledger.count_prunable(NOW + MINUTE) == 8
    assert [ledger.prune(NOW + MINUTE, LATER, limit=5) for _ in range(3)] == [5, 3, 0]
    assert ledger.count_prunable(NOW + MINUTE) == 0
    assert ledger.tally().is_balanced


def test_others_write_while_much_is_pruned(ledger: SqlLedger) -> None:
    entries = [full_entry(number) for number in range(2_000)]
    settle(ledger, *entries)
    pruned = list[int]()
    thread = threading.Thread(target=lambda: pruned.append(prune_all(ledger)))
    thread.start()
    for number in range(20):
        assert ledger.record_entries([an_entry(f"live-{number}")], LATER) == Recorded(new=1)
    thread.join()
    assert pruned == [2_000]
    assert ledger.record_entries(entries, LATER) == Recorded(known=2_000)
    tally = ledger.tally()
    assert (tally.seen, tally.pending, tally.fates) == (2_020, 20, {Fate.INDEXED: 2_000})


def test_hosts_are_forgotten_once_all_their_times_are_past(ledger: Ledger, ledger_url: str) -> None:
    times = {"past": (-2, None), "closed": (-2, 1), "reopened": (-3, -2), "soon": (0, None)}
    rows = [
        {"host": host, "next_at": NOW + next_at * DAY, "closed_until": None if closed is None else NOW + closed * DAY}
        for host, (next_at, closed) in times.items()
    ]
    database = Database(ledger_url)
    with database.write() as connection:
        connection.execute(insert(hosts), rows)
    assert ledger.drop_hosts(NOW - DAY, dry_run=True) == 2
    assert ledger.drop_hosts(NOW - DAY) == 2
    assert ledger.drop_hosts(NOW - DAY) == 0
    with database.read() as connection:
        assert set(connection.execute(select(hosts.c.host)).scalars()) == {"closed", "soon"}
    database.close()


def test_an_expired_robots_file_is_forgotten(ledger: Ledger) -> None:
    for origin, days in (("https://old.example", -2), ("https://new.example", 1)):
        ledger.keep_robots_file(origin, RobotsFile(text="", expires_at=NOW + days * DAY))
    assert ledger.drop_hosts(NOW - DAY, dry_run=True) == 1
    assert ledger.drop_hosts(NOW - DAY) == 1
    assert ledger.robots_file("https://old.example") is None
    assert ledger.robots_file("https://new.example") is not None


def test_articles_are_counted_by_the_month_of_their_first_sight_in_utc(ledger: Ledger) -> None:
    tokyo = timezone(timedelta(hours=9))
    seen = [
        datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 4, 1, 8, 59, tzinfo=tokyo),
        datetime(2026, 4, 1, 9, 0, tzinfo=tokyo),
        datetime(2025, 12, 31, tzinfo=UTC),
    ]
    assert ledger.articles_by_month() == {}
    ledger.settle([], [an_article(number, first_seen_at=at) for number, at in enumerate(seen)])
    ledger.own_articles({"f" * 32: "https://news.example/held"}, NOW, lease=LEASE)  # held, but never indexed
    counted = ledger.articles_by_month()
    assert list(counted.items()) == [(date(2025, 12, 1), 1), (date(2026, 3, 1), 2), (date(2026, 4, 1), 1)]
