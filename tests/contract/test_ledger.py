"""What every ledger promises of its inbox and its fates, on SQLite and PostgreSQL."""

import random
import string
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from pipeline.errors import UsageError
from pipeline.model.capture import CaptureRef
from pipeline.model.fate import DeadLetter, Fate, Reason, Tally
from pipeline.ports import Ledger, Recorded
from pipeline.urls import MAX_URL_LENGTH
from tests.fixtures.entries import LEASE, MINUTE, NOW, a_batch, a_time, an_entry, an_outcome

CAPTURE = CaptureRef(path="2026/11/23/batch.warc.gz", offset=1 << 40, length=77)


def urls_claimed(ledger: Ledger, *, publisher: str | None = None) -> list[str]:
    """Claim what is due long after all of a test's leases, and return the URLs."""
    batch = a_batch("late", NOW + 10 * LEASE)
    return [
        claim.entry.url for claim in ledger.claim(batch, batch.opened_at, limit=100, lease=LEASE, publisher=publisher)
    ]


def test_an_empty_ledger_balances(ledger: Ledger) -> None:
    assert ledger.tally() == Tally(seen=0, pending=0, fates={})
    assert ledger.tally().is_balanced
    assert ledger.reasons() == {}
    assert ledger.dead_letters() == ()
    assert ledger.feeds() == ()
    assert ledger.claim(a_batch(), NOW, limit=5, lease=LEASE) == ()
    assert ledger.record_entries([], NOW) == Recorded()
    ledger.settle([])
    ledger.postpone([])


def test_entries_are_new_once(ledger: Ledger) -> None:
    assert ledger.record_entries([an_entry(1), an_entry(2)], NOW) == Recorded(new=2)
    assert ledger.record_entries([an_entry(2), an_entry(3)], NOW + MINUTE) == Recorded(new=1, known=1)
    assert ledger.tally() == Tally(seen=3, pending=3)


def test_an_entry_comes_back_as_it_was(ledger: Ledger) -> None:
    entry = an_entry(
        "ü?q=%20",
        title='„Anführung“ 新闻 \u0000 🗞 "\\',
        content_html="<p>" + "x" * 100_000,
        authors=("A", "B"),
        published=a_time(9, offset="+05:30"),
        updated=a_time(10, offset="-03:00"),
        language="de",
        section="Politik",
        country="AT",
    )
    first_seen_at = NOW.replace(microsecond=123_456).astimezone(timezone(timedelta(hours=9)))
    ledger.record_entries([entry], first_seen_at)
    assert ledger.entry(entry.url) == (entry, first_seen_at)
    assert ledger.entry("https://news.example/never") is None
    claim = ledger.claim(a_batch(), NOW, limit=1, lease=LEASE)[0]
    assert (claim.entry, claim.first_seen_at, claim.revision, claim.attempts) == (entry, first_seen_at, 1, 0)
    assert claim.first_seen_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "news",
    [
        {"updated": a_time(11)},
        {"updated": a_time(9)},
        {"title": "Headline, corrected"},
        {"content_html": "<p>More is known."},
    ],
)
def test_a_changed_entry_is_pending_again(ledger: Ledger, news: dict[str, object]) -> None:
    entry = an_entry(updated=a_time(10), content_html="<p>Little is known.")
    ledger.record_entries([entry], NOW)
    claim = ledger.claim(a_batch(1), NOW, limit=1, lease=LEASE)[0]
    ledger.settle([an_outcome(claim, Reason.STORE_REFUSED, document="{}")])
    changed = replace(entry, **news)
    assert ledger.record_entries([changed], NOW + MINUTE) == Recorded(changed=1)
    assert ledger.record_entries([changed], NOW + MINUTE) == Recorded(known=1)
    assert ledger.tally() == Tally(seen=1, pending=1)
    assert ledger.dead_letters() == ()
    again = ledger.claim(a_batch(2, NOW + MINUTE), NOW + MINUTE, limit=1, lease=LEASE)[0]
    assert (again.entry, again.first_seen_at, again.revision, again.attempts) == (changed, NOW, 2, 0)


@pytest.mark.parametrize(
    "same",
    [
        {"summary": "Another summary."},
        {"section": "World"},
        {"authors": ("Somebody",)},
        {"updated": a_time(12, offset="+02:00")},
        {"updated": None, "title": None, "content_html": None},
        {"feed_url": "https://news.example/world"},
        {"feed_url": "https://news.example/world", "title": "Worded in another way"},
        {"feed_url": "https://news.example/world", "updated": None, "content_html": "<p>Short."},
        {"feed_url": "https://news.example/world", "updated": a_time(9)},
    ],
)
def test_what_says_nothing_new_is_known(ledger: Ledger, same: dict[str, object]) -> None:
    entry = an_entry(updated=a_time(10), content_html="<p>Text.")
    ledger.record_entries([entry], NOW)
    assert ledger.record_entries([replace(entry, **same)], NOW + MINUTE) == Recorded(known=1)
    assert ledger.entry(entry.url) == (entry, NOW)


def test_another_feed_can_announce_a_later_update_but_never_by_turns(ledger: Ledger) -> None:
    here = an_entry(published=a_time(9))
    there = replace(here, feed_url="https://news.example/world", title="Otherwise", updated=a_time(9))
    ledger.record_entries([here], NOW)
    assert ledger.record_entries([there], NOW) == Recorded(known=1)  # not updated since it was published
    later = replace(there, updated=a_time(10))
    assert ledger.record_entries([later], NOW) == Recorded(changed=1)
    for _ in range(2):
        assert ledger.record_entries([here], NOW) == Recorded(known=1)
        assert ledger.record_entries([later], NOW) == Recorded(known=1)


def test_a_feed_that_lists_a_url_twice_announces_it_once(ledger: Ledger) -> None:
    twice = [an_entry(1), an_entry(2), an_entry(1, title="The older wording")]
    assert ledger.record_entries(twice, NOW) == Recorded(new=2, known=1)
    assert ledger.record_entries(twice, NOW) == Recorded(known=3)
    assert ledger.entry(an_entry(1).url) == (an_entry(1), NOW)


def test_tens_of_thousands_of_entries_at_once(ledger: Ledger) -> None:
    entries = [an_entry(number) for number in range(20_000)]
    assert ledger.record_entries(entries, NOW) == Recorded(new=20_000)
    changed = [replace(entry, title="New") for entry in entries[:12_000]]
    assert ledger.record_entries(changed + entries[12_000:], NOW) == Recorded(changed=12_000, known=8_000)
    claims = ledger.claim(a_batch(), NOW, limit=15_000, lease=LEASE)
    assert len(claims) == 15_000
    ledger.postpone([(claim, NOW, "later") for claim in claims[:5_000]])
    ledger.settle([an_outcome(claim, Reason.HTTP_ERROR) for claim in claims[5_000:]])
    assert ledger.revive([claim.entry.url for claim in claims], NOW) == 10_000
    assert ledger.tally() == Tally(seen=20_000, pending=20_000)


def test_claims_are_the_oldest_and_each_batch_has_its_own(ledger: Ledger) -> None:
    ledger.record_entries([an_entry("new")], NOW)
    ledger.record_entries([an_entry("old")], NOW - MINUTE)
    ledger.record_entries([an_entry("future")], NOW + MINUTE)
    first = ledger.claim(a_batch(1), NOW, limit=1, lease=LEASE)
    second = ledger.claim(a_batch(2), NOW, limit=5, lease=LEASE)
    assert [claim.entry.url for claim in first] == [an_entry("old").url]
    assert [claim.entry.url for claim in second] == [an_entry("new").url]
    assert (first[0].batch_id, second[0].batch_id) == ("batch-1", "batch-2")
    assert ledger.claim(a_batch(3), NOW, limit=5, lease=LEASE) == ()
    assert ledger.tally() == Tally(seen=3, pending=3)


def test_a_publisher_that_floods_its_feed_holds_up_itself_alone(ledger: Ledger) -> None:
    flood = [an_entry(f"flood/{number:04}", publisher="Flood") for number in range(300)]
    ledger.record_entries(flood, NOW - MINUTE)
    ledger.record_entries([an_entry(f"b/{number}", publisher="B") for number in range(4)], NOW)
    ledger.record_entries([an_entry("only", publisher="A")], NOW)
    ledger.record_entries([an_entry("future", publisher="C")], NOW + MINUTE)
    first = {claim.entry.url for claim in ledger.claim(a_batch(1), NOW, limit=6, lease=LEASE)}
    assert first == {entry.url for entry in flood[:3]} | {an_entry(name).url for name in ("b/0", "b/1", "only")}
    second = {claim.entry.url for claim in ledger.claim(a_batch(2), NOW, limit=50, lease=LEASE)}
    assert second == {entry.url for entry in flood[3:51]} | {an_entry("b/2").url, an_entry("b/3").url}
    assert len(ledger.claim(a_batch(3), NOW, limit=1000, lease=LEASE)) == 300 - 51


def test_of_more_publishers_than_a_batch_takes_those_come_first_that_wait_longest(ledger: Ledger) -> None:
    for number in range(9):
        names = [f"{number}/{n}" for n in range(2)]
        ledger.record_entries([an_entry(name, publisher=f"P{9 - number}") for name in names], NOW + number * MINUTE)
    now = NOW + 9 * MINUTE
    claims = [ledger.claim(a_batch(number), now, limit=4, lease=LEASE) for number in range(3)]
    assert [[claim.entry.url.rpartition(".example/")[2] for claim in claimed] for claimed in claims] == [
        ["0/0", "1/0", "2/0", "3/0"],
        ["0/1", "1/1", "2/1", "3/1"],
        ["4/0", "5/0", "6/0", "7/0"],
    ]


def test_a_batch_that_asks_again_gets_the_same_claims_and_no_more(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(number) for number in range(5)], NOW)
    claims = ledger.claim(a_batch(1), NOW, limit=2, lease=LEASE)
    assert len(claims) == 2
    assert ledger.claim(a_batch(1), NOW, limit=5, lease=LEASE) == claims
    ledger.settle([an_outcome(claims[0])])
    assert ledger.claim(a_batch(1), NOW, limit=5, lease=LEASE) == claims[1:]


def test_what_comes_in_within_the_second_of_a_batch_is_due_to_it(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW.replace(microsecond=700_000))
    assert len(ledger.claim(a_batch(1, NOW), NOW, limit=1, lease=LEASE)) == 1


def test_claims_of_one_publisher(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1), an_entry(2, publisher="Another"), an_entry(3)], NOW)
    assert urls_claimed(ledger, publisher="Another") == [an_entry(2).url]


def test_a_crashed_batch_loses_its_claims_when_the_lease_is_over(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW)
    crashed = ledger.claim(a_batch(1), NOW, limit=1, lease=LEASE)
    assert ledger.claim(a_batch(2, NOW + LEASE - MINUTE), NOW + LEASE - MINUTE, limit=1, lease=LEASE) == ()
    taken = ledger.claim(a_batch(3, NOW + LEASE), NOW + LEASE, limit=1, lease=LEASE)
    assert taken == (replace(crashed[0], batch_id="batch-3"),)
    # It was only slow, and comes back: the other's work is not disturbed.
    ledger.postpone([(crashed[0], NOW, "timeout")])
    assert ledger.release(a_batch(1)) == 0
    assert ledger.claim(a_batch(3, NOW + LEASE), NOW + LEASE, limit=1, lease=LEASE) == taken
    # Both settle: one fate, the first.
    ledger.settle([an_outcome(crashed[0], Reason.NEW)])
    ledger.settle([an_outcome(taken[0], Reason.SAME_CONTENT)])
    assert ledger.tally() == Tally(seen=1, pending=0, fates={Fate.INDEXED: 1})


def test_a_claim_put_back_at_once(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1), an_entry(2)], NOW)
    ledger.claim(a_batch(1), NOW, limit=5, lease=LEASE)
    assert ledger.release(a_batch(1)) == 2
    assert ledger.release(a_batch(1)) == 0
    again = ledger.claim(a_batch(2), NOW, limit=5, lease=LEASE)
    assert [claim.attempts for claim in again] == [0, 0]


def test_a_postponed_claim_waits_and_counts_its_attempts(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1), an_entry(2)], NOW)
    claims = ledger.claim(a_batch(1), NOW, limit=5, lease=LEASE)
    for _ in range(2):  # repeating it changes nothing
        ledger.postpone([(claims[0], NOW + MINUTE, "timeout"), (claims[1], NOW + 3 * MINUTE, "DNS")])
    assert ledger.claim(a_batch(2), NOW, limit=5, lease=LEASE) == ()
    again = ledger.claim(a_batch(3, NOW + MINUTE), NOW + MINUTE, limit=5, lease=LEASE)
    assert [(claim.entry.url, claim.attempts) for claim in again] == [(claims[0].entry.url, 1)]
    ledger.postpone([(again[0], NOW + 2 * MINUTE, "timeout")])
    third = ledger.claim(a_batch(4, NOW + 3 * MINUTE), NOW + 3 * MINUTE, limit=5, lease=LEASE)
    assert [(claim.entry.url, claim.attempts) for claim in third] == [(an_entry(1).url, 2), (an_entry(2).url, 1)]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_a_fate(ledger: Ledger, reason: Reason) -> None:
    ledger.record_entries([an_entry()], NOW)
    outcome = an_outcome(ledger.claim(a_batch(), NOW, limit=1, lease=LEASE)[0], reason)
    ledger.settle([outcome])
    assert ledger.tally() == Tally(seen=1, pending=0, fates={outcome.fate: 1})
    assert ledger.reasons() == {reason: 1}
    assert urls_claimed(ledger) == []


def test_settling_again_changes_nothing(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW)
    claim = ledger.claim(a_batch(), NOW, limit=1, lease=LEASE)[0]
    ledger.settle([an_outcome(claim, Reason.BUG, detail="first"), an_outcome(claim, Reason.ROBOTS)])
    ledger.settle([an_outcome(claim, Reason.BUG, detail="second", at=NOW + MINUTE)])
    assert [(letter.detail, letter.at) for letter in ledger.dead_letters()] == [("first", NOW)]
    assert ledger.tally() == Tally(seen=1, pending=0, fates={Fate.DEAD_LETTER: 1})


def test_a_fate_for_an_old_revision_leaves_the_new_one_pending(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1), an_entry(2)], NOW)
    claims = ledger.claim(a_batch(1), NOW, limit=2, lease=LEASE)
    changed = [replace(claim.entry, title="Corrected") for claim in claims]
    assert ledger.record_entries(changed, NOW) == Recorded(changed=2)
    # While the old revision is visited, nobody else visits the page.
    assert ledger.claim(a_batch(2), NOW, limit=2, lease=LEASE) == ()
    ledger.settle([an_outcome(claims[0])])
    ledger.postpone([(claims[1], NOW + MINUTE, "timeout")])
    assert ledger.tally() == Tally(seen=2, pending=2)
    again = ledger.claim(a_batch(3), NOW, limit=2, lease=LEASE)
    again += ledger.claim(a_batch(4, NOW + MINUTE), NOW + MINUTE, limit=2, lease=LEASE)
    assert [(claim.entry, claim.revision, claim.attempts) for claim in again] == [
        (changed[0], 2, 0),
        (changed[1], 2, 1),  # the visit that failed is one of the new revision too
    ]
    ledger.settle([an_outcome(claim, Reason.NEW_VERSION) for claim in again])
    ledger.settle([an_outcome(claim, Reason.BUG) for claim in claims])
    assert ledger.tally() == Tally(seen=2, pending=0, fates={Fate.INDEXED: 2})


def test_an_unknown_url_settles_nothing_at_all(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW)
    outcome = an_outcome(ledger.claim(a_batch(), NOW, limit=1, lease=LEASE)[0])
    stranger = replace(outcome, url="https://news.example/never")
    with pytest.raises(UsageError, match=r"never saw https://news\.example/never"):
        ledger.settle([outcome, stranger])
    assert ledger.tally() == Tally(seen=1, pending=1)


def test_dead_letters_keep_why_and_the_document_and_can_be_revived(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1), an_entry(2), an_entry(3)], NOW)
    one, two, three = ledger.claim(a_batch(1), NOW, limit=3, lease=LEASE)
    ledger.postpone([(two, NOW, "timeout")])
    two = ledger.claim(a_batch(2), NOW, limit=1, lease=LEASE)[0]
    ledger.settle(
        [
            an_outcome(one, Reason.STORE_REFUSED, detail="too \0 odd \ud800", document='{"id": 1}', capture=CAPTURE),
            an_outcome(two, Reason.UNREACHABLE, detail="no route", at=NOW + MINUTE),
            an_outcome(three, Reason.NEW),
        ]
    )
    unreachable = DeadLetter(url=two.entry.url, reason=Reason.UNREACHABLE, detail="no route", at=NOW + MINUTE)
    refused = DeadLetter(url=one.entry.url, reason=Reason.STORE_REFUSED, detail="too \\0 odd \\ud800", at=NOW)
    assert ledger.dead_letters() == (unreachable, refused)
    assert ledger.dead_letters(limit=1) == (unreachable,)
    assert ledger.dead_letter(one.entry.url) == replace(refused, document='{"id": 1}')
    assert ledger.dead_letter(three.entry.url) is None
    assert ledger.revive([two.entry.url, three.entry.url, "https://news.example/never"], NOW + MINUTE) == 1
    assert ledger.tally() == Tally(seen=3, pending=1, fates={Fate.INDEXED: 1, Fate.DEAD_LETTER: 1})
    assert ledger.claim(a_batch(3, NOW), NOW, limit=5, lease=LEASE) == ()
    again = ledger.claim(a_batch(4, NOW + MINUTE), NOW + MINUTE, limit=5, lease=LEASE)
    assert again == (replace(two, batch_id="batch-4", attempts=0),)
    assert ledger.revive([], NOW) == 1
    assert ledger.revive([], NOW) == 0
    assert ledger.dead_letters() == ()


def test_a_url_as_long_as_they_get(ledger: Ledger) -> None:
    # Random, since a database compresses what repeats before it finds a key too long.
    tail = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=MAX_URL_LENGTH))
    long = an_entry(url=f"https://news.example/{tail}"[:MAX_URL_LENGTH])
    assert ledger.record_entries([long], NOW) == Recorded(new=1)
    assert urls_claimed(ledger) == [long.url]


def test_naive_times_are_refused(ledger: Ledger) -> None:
    with pytest.raises(StatementError, match="has no offset"):
        ledger.record_entries([an_entry()], NOW.replace(tzinfo=None))
    assert ledger.tally().seen == 0


def test_what_nobody_visited_is_put_back_with_its_attempts(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1), an_entry(2)], NOW)
    first, second = ledger.claim(a_batch(), NOW, limit=2, lease=LEASE)
    ledger.put_back([(first, NOW + MINUTE)])
    assert [claim.entry.url for claim in ledger.claim(a_batch(2, NOW), NOW, limit=9, lease=LEASE)] == []
    [again] = ledger.claim(a_batch(3, NOW + MINUTE), NOW + MINUTE, limit=9, lease=LEASE)
    assert (again.entry, again.attempts) == (first.entry, 0)
    ledger.put_back([(first, NOW)])  # held by another batch by now
    assert ledger.claim(a_batch(4, NOW + MINUTE), NOW + MINUTE, limit=9, lease=LEASE) == ()
    ledger.settle([an_outcome(second), an_outcome(again)])


def test_first_due_is_what_a_live_batch_could_claim(ledger: Ledger) -> None:
    assert ledger.first_due(NOW) is None
    ledger.record_entries([an_entry(2), an_entry(1)], NOW)
    assert ledger.first_due(NOW - MINUTE) is None
    assert ledger.first_due(NOW) == an_entry(1).url
    claims = ledger.claim(a_batch(), NOW, limit=2, lease=LEASE)
    assert ledger.first_due(NOW) is None
    assert ledger.first_due(NOW + LEASE) == an_entry(1).url
    ledger.postpone([(claims[0], NOW + 2 * MINUTE, "no answer"), (claims[1], NOW + MINUTE, "no answer")])
    assert ledger.first_due(NOW) is None
    assert ledger.first_due(NOW + 2 * MINUTE) == an_entry(2).url
