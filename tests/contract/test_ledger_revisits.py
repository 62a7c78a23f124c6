"""What every ledger promises of visiting a page again: at its times, and ever more seldom where its feed asks for nothing."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from pipeline.fetch.retries import WAITS
from pipeline.model.fate import Fate, Reason, Tally
from pipeline.model.feed import Entry
from pipeline.ports import Ledger
from tests.fixtures.entries import LEASE, MINUTE, NOW, a_batch, an_article, an_entry, an_outcome

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def flapping(poll: int) -> Entry:
    """Return what a feed says of a page that it says something else of at each poll."""
    return an_entry(content_html=f'<p>Text.<img src="/pixel?{poll}">')


def polls(ledger: Ledger, step: timedelta, until: timedelta) -> Iterator[datetime]:
    """Poll that feed every so often; yield the time of each poll."""
    for poll in range(until // step):
        now = NOW + poll * step
        ledger.record_entries([flapping(poll)], now)
        yield now


def test_a_page_that_is_down_is_given_up_whatever_its_feed_says_at_each_poll(ledger: Ledger) -> None:
    visits = []
    for now in polls(ledger, MINUTE, 86 * MINUTE):
        for claim in ledger.claim(a_batch(now, now), now, limit=1, lease=LEASE):
            visits.append((now - NOW) // MINUTE)
            if claim.attempts == len(WAITS):
                ledger.settle([an_outcome(claim, Reason.UNREACHABLE, at=now)])
            else:
                ledger.record_entries([flapping(-len(visits))], now)  # a poll while the page is asked for
                ledger.postpone([(claim, now + WAITS[claim.attempts], "no answer")])
    assert visits == [0, 1, 5, 21, 85]
    assert ledger.tally().fates == {Fate.DEAD_LETTER: 1}


@pytest.mark.parametrize("reason", [Reason.SAME_CONTENT, Reason.NOT_FOUND, Reason.UNREACHABLE])
@pytest.mark.parametrize("is_slow", [False, True])
def test_a_page_that_brings_nothing_new_is_visited_ever_more_seldom_whatever_its_feed_says(
    ledger: Ledger, reason: Reason, *, is_slow: bool
) -> None:
    visits = []
    for now in polls(ledger, HOUR, 10 * DAY):
        for claim in ledger.claim(a_batch(now, now), now, limit=1, lease=LEASE):
            if is_slow:  # a poll while the page is visited
                ledger.record_entries([flapping(-len(visits) - 1)], now)
            ledger.settle([an_outcome(claim, reason if visits else Reason.NEW, at=now)])
            visits.append(now - NOW)
    assert 20 <= len(visits) <= 45  # at each poll for ten hours, then a tenth later each: 1.1 ** 33 is 24
    assert all(after - before >= before / 10 for before, after in pairwise(visits[1:]))
    assert max(after - before for before, after in pairwise(visits)) <= DAY + 2 * HOUR


@pytest.mark.parametrize("reason", [Reason.NEW, Reason.NEW_VERSION, Reason.REPRINT])
def test_a_change_after_something_new_is_due_at_once(ledger: Ledger, reason: Reason) -> None:
    ledger.record_entries([an_entry()], NOW)
    at = NOW + 10 * DAY
    ledger.settle([an_outcome(claim, reason, at=at) for claim in ledger.claim(a_batch(1), at, limit=1, lease=LEASE)])
    ledger.record_entries([an_entry(title="Corrected")], at + MINUTE)
    [claim] = ledger.claim(a_batch(2), at + MINUTE, limit=1, lease=LEASE)
    assert (claim.entry.title, claim.attempts) == ("Corrected", 0)


def test_a_change_long_after_nothing_new_was_seen_is_due_at_once(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW)
    [claim] = ledger.claim(a_batch(1), NOW, limit=1, lease=LEASE)
    ledger.settle([an_outcome(claim, Reason.SAME_CONTENT, at=NOW + HOUR)])
    corrected_at = NOW + 2 * HOUR
    ledger.record_entries([an_entry(title="Corrected")], corrected_at)
    assert len(ledger.claim(a_batch(2), corrected_at, limit=1, lease=LEASE)) == 1


def index(ledger: Ledger, *names: str) -> None:
    """Have these pages indexed, each to be visited again an hour later."""
    ledger.record_entries([an_entry(name) for name in names], NOW)
    claims = ledger.claim(a_batch("first"), NOW, limit=len(names), lease=LEASE)
    states = [an_article(claim.entry.url.rpartition("/")[2]) for claim in claims]
    outcomes = [an_outcome(claim, article_id=state.article_id) for claim, state in zip(claims, states, strict=True)]
    ledger.settle(outcomes, states, revisits=[HOUR])


def claimed(ledger: Ledger, batch: object, *, limit: int = 10, **more: object) -> Counter[str]:
    """Count the kinds of what an hour later a batch claims, which are the first words of their names."""
    claims = ledger.claim(a_batch(batch), NOW + HOUR, limit=limit, lease=LEASE, **more)
    return Counter(claim.entry.url.rpartition("/")[2].partition("-")[0] for claim in claims)


def test_pages_due_to_be_visited_again_have_a_fifth_of_each_batch_and_whole_ones_where_nothing_new_waits(
    ledger: Ledger,
) -> None:
    index(ledger, *(f"old-{number}" for number in range(20)))
    ledger.record_entries([an_entry(f"new-{number}") for number in range(13)], NOW + HOUR)
    assert claimed(ledger, 1) == {"new": 8, "old": 2}
    assert claimed(ledger, 1) == {"new": 8, "old": 2}  # asked again, it has no more
    assert claimed(ledger, 2) == {"new": 5, "old": 1}  # and no more than one for four new ones where fewer wait
    assert claimed(ledger, 3) == {"old": 10}
    assert claimed(ledger, 4) == {"old": 7}
    assert claimed(ledger, 5) == {}
    assert ledger.tally() == Tally(seen=33, pending=33)


def test_new_pages_are_not_held_up_by_others_than_their_share(ledger: Ledger) -> None:
    index(ledger, *(f"old-{number}" for number in range(3)))
    ledger.record_entries([an_entry(f"new-{number}") for number in range(3)], NOW + HOUR)
    assert claimed(ledger, 1) == {"new": 3}
    ledger.record_entries([an_entry("past-1")], NOW, past=True)
    ledger.record_entries([an_entry("other-1", publisher="Another")], NOW + HOUR)
    assert claimed(ledger, 2, past=True) == {"past": 1}
    assert claimed(ledger, 3, publisher="Another") == {"other": 1}


def test_the_first_page_to_be_visited_again_is_the_longest_due_that_no_batch_has(ledger: Ledger) -> None:
    index(ledger, "one", "two")
    assert ledger.first_revisit(NOW + HOUR - MINUTE) is None
    assert ledger.first_revisit(NOW + HOUR) in {an_entry("one").url, an_entry("two").url}
    assert claimed(ledger, 1, limit=1).total() == 1
    assert ledger.first_revisit(NOW + HOUR) is not None
    assert claimed(ledger, 2, limit=1).total() == 1
    assert ledger.first_revisit(NOW + HOUR) is None
