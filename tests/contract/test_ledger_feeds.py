"""What every ledger promises of its feeds."""

from dataclasses import replace

from pipeline.model.feed import Entry, Feed, FeedState, FeedStatus, Rules
from pipeline.ports import Ledger
from tests.fixtures.entries import LEASE, MINUTE, NOW

ONE = Feed(url="https://one.example/feed", publisher="One", language="de", rules=Rules(remove=(".ad",)))
TWO = Feed(url="https://two.example/Feed", publisher="Two", sitemaps=("https://two.example/map.xml",))


def state_of(ledger: Ledger, feed: Feed) -> FeedState:
    return next(state for known, state in ledger.feeds() if known.url == feed.url)


def due_urls(ledger: Ledger, minutes: int = 0, *, early: bool = False, limit: int = 10) -> list[str]:
    due = ledger.due_feeds(NOW + minutes * MINUTE, limit=limit, lease=LEASE, early=early)
    return [feed.url for feed, _ in due]


def test_a_new_feed_is_due_at_once(ledger: Ledger) -> None:
    ledger.add_feeds([TWO, ONE], NOW)
    assert [feed for feed, _ in ledger.feeds()] == [ONE, TWO]
    due = ledger.due_feeds(NOW, limit=10, lease=LEASE)
    assert due == ledger.feeds()
    assert all(state.url == state.polled_url == feed.url and state.polled_at is None for feed, state in due)


def test_a_leased_feed_is_nobody_elses_until_the_lease_ends(ledger: Ledger) -> None:
    ledger.add_feeds([ONE, TWO], NOW)
    assert due_urls(ledger, limit=1) == [ONE.url]
    assert due_urls(ledger, 1) == [TWO.url]
    assert due_urls(ledger, 2, early=True) == []
    assert due_urls(ledger, 15) == [ONE.url]
    assert due_urls(ledger, 16) == [TWO.url]


def test_feeds_that_are_left_out_are_not_leased(ledger: Ledger) -> None:
    ledger.add_feeds([ONE, TWO], NOW)
    asked = {"limit": 1, "lease": LEASE, "early": True}
    assert [feed for feed, _ in ledger.due_feeds(NOW, **asked, besides={ONE.url})] == [TWO]
    assert ledger.due_feeds(NOW, **asked, besides={ONE.url, TWO.url}) == ()
    assert due_urls(ledger) == [ONE.url]


def test_what_a_poll_learned_is_kept_and_ends_the_lease(ledger: Ledger) -> None:
    ledger.add_feeds([ONE], NOW)
    ((_, state),) = ledger.due_feeds(NOW, limit=1, lease=LEASE)
    learned = replace(
        state,
        polled_url="https://moved.example/feed",
        due_at=NOW + 10 * MINUTE,
        interval=600.0,
        etag='W/"1"',
        last_modified="Mon, 23 Nov 2026 11:00:00 GMT",
        body_hash="0" * 64,
        polled_at=NOW.replace(microsecond=1),
        last_new_entry_at=NOW,
        failures=3,
        last_error="timeout",
    )
    ledger.save_feed_state(learned)
    assert ledger.feeds() == ((ONE, learned),)
    assert due_urls(ledger, 9) == []
    assert due_urls(ledger, 9, early=True) == [ONE.url]
    ledger.save_feed_state(learned)
    assert due_urls(ledger, 10) == [ONE.url]


def test_the_most_overdue_feed_comes_first(ledger: Ledger) -> None:
    ledger.add_feeds([ONE], NOW)
    ledger.add_feeds([TWO], NOW - MINUTE)
    assert due_urls(ledger, limit=1) == [TWO.url]


def test_adding_a_feed_again_replaces_its_configuration_only(ledger: Ledger) -> None:
    ledger.add_feeds([ONE, TWO], NOW)
    learned = replace(state_of(ledger, ONE), etag="1", due_at=NOW + MINUTE)
    ledger.save_feed_state(learned)
    changed = replace(ONE, publisher="One and Only", rules=Rules())
    ledger.add_feeds([ONE, changed], NOW + MINUTE)
    assert ledger.feeds() == ((changed, learned), (TWO, state_of(ledger, TWO)))


def test_adding_a_feed_again_leaves_its_lease_alone(ledger: Ledger) -> None:
    ledger.add_feeds([ONE], NOW)
    assert due_urls(ledger) == [ONE.url]
    ledger.add_feeds([ONE], NOW)
    assert due_urls(ledger) == []


def test_a_gone_feed_is_polled_again_only_when_it_is_added_again(ledger: Ledger) -> None:
    ledger.add_feeds([ONE], NOW)
    gone = replace(
        state_of(ledger, ONE), status=FeedStatus.GONE, polled_url="https://moved.example/", last_error="410", etag="1"
    )
    ledger.save_feed_state(gone)
    assert due_urls(ledger, 10_000, early=True) == []
    ledger.add_feeds([ONE], NOW + MINUTE)
    ((_, state),) = ledger.due_feeds(NOW + MINUTE, limit=1, lease=LEASE)
    assert (state.status, state.polled_url, state.last_error, state.etag) == (FeedStatus.ACTIVE, ONE.url, None, None)


def test_a_removed_feed_is_polled_no_more_and_what_it_announced_stays(ledger: Ledger) -> None:
    ledger.add_feeds([ONE, TWO], NOW)
    announced = Entry(url="https://one.example/a", feed_url=ONE.url, publisher=ONE.publisher)
    ledger.record_entries([announced], NOW)
    assert ledger.remove_feeds([ONE.url, "https://one.example/none"]) == 1
    assert [feed for feed, _ in ledger.feeds()] == [TWO]
    assert due_urls(ledger, 10_000, early=True) == [TWO.url]
    assert ledger.entry(announced.url) == (announced, NOW)
    assert ledger.waiting() == {ONE.publisher: 1}
    assert ledger.remove_feeds([ONE.url]) == 0


def test_a_poll_that_ends_after_its_feed_was_removed_does_not_bring_it_back(ledger: Ledger) -> None:
    ledger.add_feeds([ONE], NOW)
    ((_, state),) = ledger.due_feeds(NOW, limit=1, lease=LEASE)
    ledger.remove_feeds([ONE.url])
    ledger.save_feed_state(replace(state, etag="1"))
    assert ledger.feeds() == ()
    ledger.add_feeds([ONE], NOW + MINUTE)
    assert state_of(ledger, ONE) == replace(state, due_at=NOW + MINUTE)


def test_thousands_of_feeds_at_once(ledger: Ledger) -> None:
    feeds = [replace(ONE, url=f"https://one.example/{number:04}") for number in range(2_000)]
    ledger.add_feeds(feeds, NOW)
    assert [feed for feed, _ in ledger.feeds()] == feeds
    assert len(ledger.due_feeds(NOW, limit=1_500, lease=LEASE)) == 1_500
    assert len(ledger.due_feeds(NOW, limit=1_500, lease=LEASE)) == 500
