"""What every ledger promises of past articles: they wait behind live ones, and what is archived is not asked for again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import ClauseElement, Connection, event, text, update

from pipeline.adapters.sql_ledger import SqlLedger
from pipeline.adapters.sql_schema import urls
from pipeline.model.capture import CaptureRef
from pipeline.model.fate import Fate, Reason, Tally
from pipeline.model.warc import WarcProgress
from pipeline.ports import Ledger, Recorded
from tests.fixtures.entries import LEASE, MINUTE, NOW, a_batch, a_time, an_entry, an_outcome

CAPTURE = CaptureRef(path="2026/11/20/20261120T000000Z-00000000.warc.gz", offset=100, length=3000)
DAY = timedelta(days=1)
BEGUN = WarcProgress(file="s3://crawl/a.warc.gz", since=NOW - DAY, until=NOW, position=5 << 30)


def urls_of(ledger: Ledger, *, past: bool, name: str = "late") -> list[str]:
    claims = ledger.claim(a_batch(name), NOW + 10 * LEASE, limit=100, lease=LEASE, past=past)
    return [claim.entry.url for claim in claims]


def test_live_and_past_are_claimed_apart(ledger: Ledger) -> None:
    assert ledger.record_entries([an_entry(1), an_entry(2)], NOW - DAY, past=True) == Recorded(new=2)
    assert ledger.record_entries([an_entry(3)], NOW) == Recorded(new=1)
    assert urls_of(ledger, past=False, name=1) == [an_entry(3).url]
    assert urls_of(ledger, past=True, name=2) == [an_entry(1).url, an_entry(2).url]
    assert ledger.tally() == Tally(seen=3, pending=3)


def test_past_claims_of_one_publisher(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1), an_entry(2, publisher="Another")], NOW, past=True)
    claims = ledger.claim(a_batch(), NOW, limit=9, lease=LEASE, publisher="Another", past=True)
    assert [claim.entry.url for claim in claims] == [an_entry(2).url]


def test_a_backfill_knows_nothing_better_of_what_is_known(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(published=a_time(9))], NOW)
    sitemaps = an_entry(title="As the sitemap words it", updated=a_time(11))
    assert ledger.record_entries([sitemaps], NOW + MINUTE, past=True) == Recorded(known=1)
    assert urls_of(ledger, past=True) == []
    ledger.settle([an_outcome(claim) for claim in ledger.claim(a_batch(2), NOW, limit=1, lease=LEASE)])
    assert ledger.record_entries([sitemaps, sitemaps], NOW + MINUTE, past=True) == Recorded(known=2)
    assert ledger.tally() == Tally(seen=1, pending=0, fates={Fate.INDEXED: 1})


@pytest.mark.parametrize("title", ["As the feed words it", None])
def test_a_past_entry_that_a_feed_announces_becomes_live(ledger: Ledger, title: str | None) -> None:
    ledger.record_entries([an_entry(1), an_entry(2)], NOW, past=True)
    fed = an_entry(1, title=title, summary="The feed's own.")
    assert ledger.record_entries([fed], NOW + MINUTE) == Recorded(known=1)
    [claim] = ledger.claim(a_batch(1), NOW + MINUTE, limit=5, lease=LEASE)
    assert (claim.entry, claim.revision) == (fed, 1)
    assert urls_of(ledger, past=True) == [an_entry(2).url]


def test_what_a_backfill_brought_is_not_visited_again_because_a_feed_words_it_otherwise(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(published=a_time(9))], NOW, past=True)
    ledger.settle([an_outcome(claim) for claim in ledger.claim(a_batch(), NOW, limit=1, lease=LEASE, past=True)])
    fed = an_entry(title="As the feed words it", published=a_time(9))
    assert ledger.record_entries([fed], NOW + MINUTE) == Recorded(known=1)
    assert ledger.tally() == Tally(seen=1, pending=0, fates={Fate.INDEXED: 1})
    # From now on the feed's own wording is what its next one is compared with.
    assert ledger.record_entries([fed], NOW + MINUTE) == Recorded(known=1)
    assert ledger.record_entries([replace(fed, title="Corrected")], NOW + MINUTE) == Recorded(changed=1)
    assert urls_of(ledger, past=False) == [fed.url]


def test_a_past_entry_that_changes_becomes_live_and_loses_its_capture(ledger: Ledger) -> None:
    ledger.record_captures([(an_entry(published=a_time(9)), CAPTURE)], BEGUN, NOW)
    updated = an_entry(updated=a_time(10))
    assert ledger.record_entries([updated], NOW + MINUTE) == Recorded(changed=1)
    [claim] = ledger.claim(a_batch(1), NOW + MINUTE, limit=5, lease=LEASE)
    assert (claim.entry, claim.revision, claim.capture) == (updated, 2, None)


def test_captures_come_in_with_the_progress_of_their_file(ledger: Ledger) -> None:
    nothing = replace(BEGUN, position=0)
    assert ledger.warc_progress(BEGUN.file, BEGUN.since, BEGUN.until) == nothing
    captures = [(an_entry(1), CAPTURE), (an_entry(2), replace(CAPTURE, offset=3100))]
    assert ledger.record_captures(captures, BEGUN, NOW) == Recorded(new=2)
    assert ledger.warc_progress(BEGUN.file, BEGUN.since, BEGUN.until) == BEGUN
    assert ledger.warc_progress(BEGUN.file, BEGUN.since, BEGUN.until + DAY).position == 0
    # Repeated by a run that is behind: nothing changes.
    assert ledger.record_captures(captures, replace(BEGUN, position=1), NOW + MINUTE) == Recorded(known=2)
    assert ledger.warc_progress(BEGUN.file, BEGUN.since, BEGUN.until) == BEGUN
    done = replace(BEGUN, position=6 << 30, is_done=True)
    assert ledger.record_captures([], done, NOW + MINUTE) == Recorded()
    assert ledger.warc_progress(BEGUN.file, BEGUN.since, BEGUN.until) == done
    claims = ledger.claim(a_batch(), NOW, limit=5, lease=LEASE, past=True)
    assert [(claim.entry, claim.capture) for claim in claims] == captures
    assert ledger.tally() == Tally(seen=2, pending=2)


def test_the_progress_is_kept_only_with_its_captures(ledger: SqlLedger) -> None:
    nowhere = WarcProgress(file="a.warc.gz", since=NOW - DAY, until=NOW.replace(tzinfo=None), position=1)
    with pytest.raises(Exception, match="has no offset"):
        ledger.record_captures([(an_entry(), CAPTURE)], nowhere, NOW)
    assert ledger.tally().seen == 0


@pytest.mark.parametrize(
    ("reason", "kept"), [(Reason.STORE_REFUSED, CAPTURE), (Reason.BUG, CAPTURE), (Reason.UNREACHABLE, None)]
)
def test_a_revived_dead_letter_is_read_from_the_archive(
    ledger: Ledger, reason: Reason, kept: CaptureRef | None
) -> None:
    ledger.record_entries([an_entry()], NOW)
    [claim] = ledger.claim(a_batch(1), NOW, limit=1, lease=LEASE)
    ledger.settle([an_outcome(claim, reason, capture=CAPTURE)])
    assert ledger.revive([], NOW) == 1
    [again] = ledger.claim(a_batch(2), NOW, limit=1, lease=LEASE)
    assert again.capture == kept


def test_a_lease_is_prolonged_while_nobody_else_took_the_claim(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1), an_entry(2)], NOW, past=True)
    ledger.claim(a_batch(1), NOW, limit=1, lease=LEASE, past=True)
    ledger.claim(a_batch(2), NOW, limit=1, lease=LEASE, past=True)
    assert ledger.renew([a_batch(1)], NOW + 3 * LEASE) == 1
    taken = ledger.claim(a_batch(3), NOW + LEASE, limit=5, lease=LEASE, past=True)
    assert [claim.entry.url for claim in taken] == [an_entry(2).url]
    assert ledger.renew([a_batch(1), a_batch(2)], NOW + 4 * LEASE) == 1
    assert ledger.renew([], NOW) == 0


def test_leases_of_more_batches_than_a_statement_takes_are_prolonged(ledger: Ledger) -> None:
    numbers = (1, 500, 501, 1201)
    ledger.record_entries([an_entry(number) for number in numbers], NOW, past=True)
    for number in numbers:
        ledger.claim(a_batch(number), NOW, limit=1, lease=LEASE, past=True)
    assert ledger.renew([a_batch(number) for number in range(1202)], NOW + 3 * LEASE) == len(numbers)


def test_what_is_known_and_how_large_pages_are(ledger: Ledger) -> None:
    captures = [(an_entry(number), replace(CAPTURE, length=1000 * number)) for number in (1, 2)]
    ledger.record_captures(captures, BEGUN, NOW)
    ledger.record_entries([an_entry(3)], NOW)
    asked = [an_entry(number).url for number in range(5)]
    assert ledger.known_urls(asked) == {an_entry(number).url for number in (1, 2, 3)}
    assert ledger.known_urls([]) == frozenset()
    origins = ["https://news.example", "https://other.example", "https://news.example.org"]
    assert ledger.mean_capture_bytes(origins) == {"https://news.example": 1500}


@pytest.fixture
def plans(ledger: SqlLedger) -> Iterator[list[str]]:
    """Collect the query plan of every statement that looks for what a batch may claim."""
    collected: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if ledger._database._engine.dialect.name == "sqlite" else "EXPLAIN "

    def note(connection: Connection, clause: ClauseElement, *_: object) -> None:
        statement = str(clause.compile(connection, compile_kwargs={"literal_binds": True}))
        if ("due_at <= " in statement or "revisit_at <= " in statement) and not statement.startswith("EXPLAIN"):
            collected.append(
                " ".join(str(row) for row in connection.execute(text(explain + statement.replace(":", r"\:"))))
            )

    event.listen(ledger._database._engine, "before_execute", note)
    yield collected
    event.remove(ledger._database._engine, "before_execute", note)


@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize("publisher", [None, "The Example"])
def test_a_claim_reads_only_what_it_takes(
    ledger: SqlLedger, plans: list[str], *, past: bool, publisher: str | None
) -> None:
    entries = [an_entry(number, publisher=f"Publisher {number % 50}") for number in range(5000)]
    ledger.record_entries(entries, NOW, past=True)
    ledger.record_entries([an_entry(f"live-{number}") for number in range(5000)], NOW)
    with ledger._database.write() as connection:
        settled = {"fate": Fate.INDEXED, "reason": Reason.NEW, "settled_at": NOW, "revisit_at": NOW + DAY}
        connection.execute(update(urls).where(urls.c.url.contains("/live-2")).values(settled))
        connection.execute(text("ANALYZE"))
    ledger.claim(a_batch(), NOW, limit=50, lease=LEASE, publisher=publisher, past=past)
    assert ledger.first_revisit(NOW + DAY) is not None
    index = "urls_pending" if past and not publisher else "urls_pending_by_publisher"
    assert len(plans) > 1
    assert all(
        (index in plan or "urls_to_revisit" in plan) and "TEMP B-TREE" not in plan and "Sort" not in plan
        for plan in plans
    ), plans
    assert not any("Seq Scan" in plan or "SCAN urls" in plan for plan in plans), plans


def test_live_work_is_what_became_due_lately_and_has_not_ended(ledger: SqlLedger) -> None:
    assert not ledger.has_live_work(NOW)
    ledger.record_entries([an_entry("past")], NOW, past=True)
    assert not ledger.has_live_work(NOW)
    ledger.record_entries([an_entry()], NOW)
    assert ledger.has_live_work(NOW)
    [claim] = ledger.claim(a_batch(), NOW, limit=9, lease=LEASE)
    assert ledger.has_live_work(NOW + MINUTE)
    assert not ledger.has_live_work(NOW + 2 * MINUTE)  # whoever is at it is not, any more
    ledger.settle([an_outcome(claim)])
    assert not ledger.has_live_work(NOW)
