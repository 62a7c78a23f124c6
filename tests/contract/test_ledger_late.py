"""What every ledger promises where a batch comes late: others had given it up, its feed has moved on, or its task runs again."""

from datetime import timedelta

from pipeline.model.fate import ArticleState, Claim, Fate, Outcome, Reason
from pipeline.ports import Ledger
from tests.fixtures.entries import LEASE, MINUTE, NOW, a_batch, an_article, an_entry, an_outcome

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REVISITS = (HOUR, DAY)
ARTICLE = an_article()


def claim_one(ledger: Ledger, name: object, after: timedelta = timedelta()) -> Claim:
    [claim] = ledger.claim(a_batch(name), NOW + after, limit=1, lease=LEASE)
    return claim


def index(ledger: Ledger, claim: Claim, after: timedelta, reason: Reason = Reason.NEW) -> Outcome:
    """Settle as the last stage does."""
    ledger.own_articles({ARTICLE.article_id: claim.entry.url}, NOW + after, lease=LEASE)
    outcome = an_outcome(claim, reason, at=NOW + after, article_id=ARTICLE.article_id)
    states: list[ArticleState] = [ARTICLE] if reason.fate is Fate.INDEXED else []
    ledger.settle([outcome], states, revisits=REVISITS)
    return outcome


def test_a_url_whose_feed_moved_on_meanwhile_still_holds_its_article(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW)
    claim = claim_one(ledger, 1)
    ledger.record_entries([an_entry(title="Corrected")], NOW + MINUTE)
    index(ledger, claim, 2 * MINUTE)
    again = claim_one(ledger, 2, 3 * MINUTE)
    assert (again.revision, again.article_id) == (2, ARTICLE.article_id)
    ledger.settle([an_outcome(again, Reason.REMOVED, at=NOW + 4 * MINUTE)], revisits=REVISITS)
    assert ledger.withdrawals([ARTICLE.article_id]) == {ARTICLE.article_id: NOW + 4 * MINUTE}
    assert ledger.first_revisit(NOW + DAY) == again.entry.url


def test_an_article_that_is_indexed_after_its_page_was_found_gone_is_withdrawn_since_then(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW)
    late = claim_one(ledger, 1)
    gone_at = NOW + LEASE + MINUTE
    ledger.settle([an_outcome(claim_one(ledger, 2, LEASE), Reason.NOT_FOUND, at=gone_at)], revisits=REVISITS)
    for _ in range(2):
        index(ledger, late, LEASE + 5 * MINUTE)
        assert ledger.withdrawals([ARTICLE.article_id]) == {ARTICLE.article_id: gone_at}
        assert ledger.tally().fates == {Fate.GONE: 1}
        assert ledger.first_revisit(NOW + 2 * DAY) == late.entry.url
        assert ledger.holdings([late.entry.url])[late.entry.url].article == ARTICLE


def test_a_task_that_runs_again_says_nothing_of_the_page_as_it_is_by_now(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW)
    first = claim_one(ledger, 1)
    index(ledger, first, MINUTE)
    ledger.settle([an_outcome(claim_one(ledger, 2, HOUR), Reason.NOT_FOUND, at=NOW + HOUR)], revisits=REVISITS)
    index(ledger, first, 2 * HOUR, Reason.SAME_CONTENT)
    assert ledger.withdrawals([ARTICLE.article_id]) == {ARTICLE.article_id: NOW + HOUR}
    back = claim_one(ledger, 3, DAY)
    index(ledger, back, DAY, Reason.SAME_CONTENT)
    ledger.settle([an_outcome(first, Reason.REMOVED, at=NOW + 2 * DAY)], revisits=REVISITS)
    assert ledger.withdrawals([ARTICLE.article_id]) == {}
    [absence] = ledger.absences(ARTICLE.article_id)
    assert (absence.withdrawn_at, absence.returned_at) == (NOW + HOUR, NOW + DAY)


def test_an_article_that_was_never_indexed_is_another_urls_once_the_lease_is_over(ledger: Ledger) -> None:
    one, two = "https://one.example/", "https://two.example/"
    assert ledger.own_articles({"a": one, "b": one}, NOW, lease=LEASE) == {"a": one, "b": one}
    ledger.settle([], [an_article(article_id="b", url=one)])
    assert ledger.own_articles({"a": two, "b": two}, NOW + LEASE - MINUTE, lease=LEASE) == {"a": one, "b": one}
    assert ledger.own_articles({"a": two, "b": two}, NOW + LEASE, lease=LEASE) == {"a": two, "b": one}
    assert ledger.own_articles({"a": one}, NOW + LEASE + MINUTE, lease=LEASE) == {"a": two}


def test_a_withdrawal_that_is_told_after_a_newer_one_is_told_again(ledger: Ledger) -> None:
    ledger.record_entries([an_entry()], NOW)
    index(ledger, claim_one(ledger, 1), MINUTE)
    ledger.settle([an_outcome(claim_one(ledger, 2, HOUR), Reason.NOT_FOUND, at=NOW + HOUR)], revisits=REVISITS)
    slow = ledger.untold_withdrawals(limit=5)
    index(ledger, claim_one(ledger, 3, DAY), DAY, Reason.SAME_CONTENT)
    newer = ledger.untold_withdrawals(limit=5)
    assert newer == {ARTICLE.article_id: None} != slow
    ledger.mark_withdrawals_told(newer)
    assert ledger.untold_withdrawals(limit=5) == {}
    ledger.mark_withdrawals_told(slow)  # its document says the older by now
    assert ledger.untold_withdrawals(limit=5) == newer
