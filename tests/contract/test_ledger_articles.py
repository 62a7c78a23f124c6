"""What every ledger promises of articles: who holds them, and what is known of them."""

from dataclasses import replace

from pipeline.model import codec
from pipeline.model.fate import Claim, Fate, Reason, Tally
from pipeline.ports import Holding, Ledger
from tests.fixtures.entries import LEASE, MINUTE, NOW, a_batch, an_article, an_entry, an_outcome


def test_the_first_url_holds_the_article_for_good(ledger: Ledger) -> None:
    assert ledger.own_articles({}, NOW, lease=LEASE) == {}
    assert ledger.own_articles({"a": "https://one.example/"}, NOW, lease=LEASE) == {"a": "https://one.example/"}
    asked = {"a": "https://two.example/", "b": "https://two.example/"}
    holders = {"a": "https://one.example/", "b": "https://two.example/"}
    assert ledger.own_articles(asked, NOW + MINUTE, lease=LEASE) == holders
    assert ledger.own_articles({"a": "https://one.example/"}, NOW, lease=LEASE) == {"a": "https://one.example/"}


def test_a_holder_that_ended_otherwise_still_holds(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1)], NOW)
    claim = ledger.claim(a_batch(), NOW, limit=1, lease=LEASE)[0]
    ledger.own_articles({"a": claim.entry.url}, NOW, lease=LEASE)
    ledger.settle([an_outcome(claim, Reason.NOT_FOUND)])
    assert ledger.own_articles({"a": "https://two.example/"}, NOW, lease=LEASE) == {"a": claim.entry.url}


def test_an_article_is_known_once_it_is_indexed(ledger: Ledger) -> None:
    article = an_article()
    ledger.own_articles({article.article_id: article.url}, NOW, lease=LEASE)
    assert ledger.articles([article.article_id, "unknown"]) == {}
    ledger.settle([], [article])
    assert ledger.articles([article.article_id, "unknown"]) == {article.article_id: article}


def test_a_fate_and_its_article_are_kept_together(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1)], NOW)
    claim = ledger.claim(a_batch(), NOW, limit=1, lease=LEASE)[0]
    article = an_article()
    for _ in range(2):
        ledger.settle([an_outcome(claim, article_id=article.article_id)], [article])
    assert ledger.tally() == Tally(seen=1, pending=0, fates={Fate.INDEXED: 1})
    assert ledger.articles([article.article_id]) == {article.article_id: article}


def test_only_a_url_that_holds_an_indexed_article_has_a_holding(ledger: Ledger) -> None:
    entries = [an_entry(name) for name in ("holder", "duplicate", "refused", "pending")]
    ledger.record_entries(entries[:3], NOW)
    claims = {claim.entry: claim for claim in ledger.claim(a_batch(), NOW, limit=3, lease=LEASE)}
    ledger.record_entries(entries[3:], NOW)
    holder, duplicate, refused, _ = entries
    article = an_article(url=holder.url)
    owners = {article.article_id: holder.url, "never indexed": refused.url}
    ledger.own_articles(owners, NOW, lease=LEASE)
    ends = [
        an_outcome(claims[holder], article_id=article.article_id),
        an_outcome(claims[duplicate], Reason.SAME_ARTICLE, article_id=article.article_id),
        an_outcome(claims[refused], Reason.STORE_REFUSED, article_id="never indexed"),
    ]
    ledger.settle(ends, [article])
    held = {holder.url: Holding(entry=holder, first_seen_at=NOW, article=article)}
    assert ledger.holdings([*(entry.url for entry in entries), "https://news.example/unknown"]) == held


def test_a_claim_tells_which_article_its_url_holds(ledger: Ledger) -> None:
    entries = [an_entry(name) for name in ("holder", "duplicate", "refused", "new")]
    ledger.record_entries(entries, NOW)
    claims = {claim.entry: claim for claim in ledger.claim(a_batch(), NOW, limit=4, lease=LEASE)}
    assert {claim.article_id for claim in claims.values()} == {None}
    holder, duplicate, refused, new = entries
    article = an_article(url=holder.url)
    ledger.own_articles({article.article_id: holder.url, "refused": refused.url, "new": new.url}, NOW, lease=LEASE)
    ends = [
        an_outcome(claims[holder], article_id=article.article_id),
        an_outcome(claims[duplicate], Reason.SAME_ARTICLE, article_id=article.article_id),
        an_outcome(claims[refused], Reason.STORE_REFUSED, article_id="refused"),
        an_outcome(claims[new], Reason.NOT_FOUND),
    ]
    ledger.settle(ends, [article])
    ledger.record_entries([replace(entry, title="Changed") for entry in entries], NOW + MINUTE)
    again = ledger.claim(a_batch(2), NOW + MINUTE, limit=4, lease=LEASE)
    held = {holder.url: article.article_id, duplicate.url: None, refused.url: "refused", new.url: None}
    assert {claim.entry.url: claim.article_id for claim in again} == held
    assert [codec.decode(codec.encode(claim), Claim) for claim in again] == [*again]


def test_a_claim_of_before_claims_told_of_articles_is_read(ledger: Ledger) -> None:
    ledger.record_entries([an_entry(1)], NOW)
    [claim] = ledger.claim(a_batch(), NOW, limit=1, lease=LEASE)
    form = codec.to_json(claim)
    del form["article_id"]
    assert codec.from_json(form, Claim) == claim


def test_an_older_capture_changes_no_article(ledger: Ledger) -> None:
    article = an_article(version=2)
    older = replace(article, content_hash="older", version=1, captured_at=article.captured_at - MINUTE)
    again = replace(article, content_hash="read again, from the same capture", version=3)
    newer = replace(article, content_hash="newer", version=4, captured_at=article.captured_at + MINUTE)
    ledger.settle([], [article])
    ledger.settle([], [older])
    assert ledger.articles([article.article_id])[article.article_id] == article
    ledger.settle([], [again])
    assert ledger.articles([article.article_id])[article.article_id] == again
    ledger.settle([], [newer, older])
    assert ledger.articles([article.article_id])[article.article_id] == newer


def test_indexing_never_changes_the_holder(ledger: Ledger) -> None:
    article = an_article()
    ledger.own_articles({article.article_id: "https://holder.example/"}, NOW, lease=LEASE)
    ledger.settle([], [article])
    assert ledger.articles([article.article_id])[article.article_id] == replace(article, url="https://holder.example/")


def test_thousands_of_articles_at_once(ledger: Ledger) -> None:
    articles = [an_article(number) for number in range(3_000)]
    owners = {article.article_id: article.url for article in articles}
    assert ledger.own_articles(owners, NOW, lease=LEASE) == owners
    ledger.settle([], articles)
    assert ledger.articles(list(owners)) == {article.article_id: article for article in articles}
