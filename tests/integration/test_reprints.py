"""Reprints from a batch's documents to what searches see, over a real ledger, archive and both search stores."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import StoreUnavailable
from pipeline.model import codec
from pipeline.model.article import Byline
from pipeline.model.capture import Batch
from pipeline.model.document import Document
from pipeline.model.fate import Fate, Reason
from pipeline.model.feed import Entry
from pipeline.model.handover import Extracted, Report
from pipeline.model.query import Query
from pipeline.reprints.printings import make_printings
from pipeline.settings import read_settings
from pipeline.urls import article_id
from pipeline.wiring import Wiring
from tests.fixtures.documents import NOON, FixedClock, document

HOUR = timedelta(hours=1)
TEXT = (
    "The harbour council has approved the new ferry terminal after a debate of nine hours that ended long after midnight. "
    "Eleven of the seventeen members voted for the plan, which moves the landing stage to the old coal quay and doubles "
    "the number of berths. Shopkeepers on the promenade fear that passengers will no longer walk past their windows, while "
    "the rowing club welcomed the decision because its boats have had to cross the path of the ferries for thirty years. "
    "Work is to begin in the spring and to last for two winters, the harbour master told reporters in front of the hall."
)


@pytest.fixture
def wiring(search_settings: dict[str, str], tmp_path: Path) -> Iterator[Wiring]:
    wiring = Wiring(read_settings({"NEWSWIRE_HOME": str(tmp_path), **search_settings}))
    wiring.clock = FixedClock(NOON)
    yield wiring
    wiring.close()


def an_id(name: str) -> str:
    return article_id(f"https://news.example/{name}")


def index(wiring: Wiring, documents: Sequence[Document]) -> Report:
    """Let these documents go through the inbox and the last stage as a batch of their own."""
    now = wiring.clock.now()
    batch = Batch(id=f"batch-{documents[0].id}-{documents[0].content_hash[:8]}", opened_at=now)
    entries = [
        Entry(url=each.article.url, feed_url=each.feed_url, publisher=each.publisher, title=each.content_hash)
        for each in documents
    ]
    wiring.ledger.record_entries(entries, now)
    claims = {claim.entry.url: claim for claim in wiring.ledger.claim(batch, now, limit=50, lease=HOUR)}
    lines = [codec.encode(Extracted(claim=claims[each.article.url], document=each)) for each in documents]
    with wiring.archive.open_batch(batch):
        wiring.archive.write_lines(batch, "documents", lines)
    return wiring.index_batch(batch)


def originals(wiring: Wiring) -> dict[str, str | None]:
    return {hit.url.rpartition("/")[2]: hit.reprint_of for hit in wiring.store.search(Query(limit=100)).hits}


def by_agency(given: Document, agency: str, publisher: str) -> Document:
    article = replace(given.article, byline=Byline(agency=agency))
    return replace(given, article=article, publisher=publisher)


def test_a_late_agency_becomes_the_original_of_what_was_indexed_before(wiring: Wiring) -> None:
    first = document("first", text=f"{TEXT} Our reporter was there.", published=NOON)
    second = document("second", text=TEXT, published=NOON + HOUR, first_seen_at=NOON + HOUR)
    other = document("other", text="Nothing of it. " * 9)
    index(wiring, [first, second, other])
    assert originals(wiring) == {"first": None, "second": an_id("first"), "other": None}
    assert wiring.ledger.reasons()[Reason.REPRINT] == 1
    later = document("wire", text=TEXT, published=NOON + 2 * HOUR, first_seen_at=NOON + 2 * HOUR)
    index(wiring, [by_agency(later, "Nordpress", "Nordpress English")])
    assert originals(wiring) == {"first": an_id("wire"), "second": an_id("wire"), "other": None, "wire": None}
    form = wiring.store.document(an_id("first"))
    assert form
    assert form["similarity"] > 0.9
    assert form["own_share"] == pytest.approx(0.04, abs=0.03)
    assert wiring.ledger.tally().fates == {Fate.INDEXED: 4}
    folded = wiring.store.search(Query(text="ferry", folds_reprints=True)).hits
    assert [hit.folded for hit in folded] == [2]


def test_a_store_that_fails_once_a_batch_is_settled_hides_nothing_of_it(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailable("the search store does not answer")

    index(wiring, [document("first", text=TEXT, published=NOON)])
    later = document("wire", text=TEXT, published=NOON + HOUR, first_seen_at=NOON + HOUR)
    with monkeypatch.context() as patched:
        patched.setattr(wiring.store, "revise", refuse)
        report = index(wiring, [by_agency(later, "Nordpress", "Nordpress English")])
    assert (report.passed, len(report.stories), report.settled) == (1, 1, {Reason.NEW: 1})
    assert originals(wiring) == {"first": None, "wire": None}
    wiring.correct_documents()
    assert originals(wiring) == {"first": an_id("wire"), "wire": None}


def test_a_new_version_with_other_words_is_no_reprint_any_more(wiring: Wiring) -> None:
    index(
        wiring, [document("first", text=TEXT), document("second", text=TEXT, first_seen_at=NOON + HOUR, published=None)]
    )
    assert originals(wiring) == {"first": None, "second": an_id("first")}
    own = "\n".join(" ".join(reversed(sentence.split())) for sentence in TEXT.split("."))
    index(wiring, [document("second", text=own, first_seen_at=NOON + HOUR, captured_at=NOON + HOUR, published=None)])
    assert originals(wiring) == {"first": None, "second": None}
    assert wiring.ledger.reasons() == {Reason.NEW: 1, Reason.NEW_VERSION: 1}


def test_a_correction_that_did_not_reach_the_store_is_made_by_a_later_batch(wiring: Wiring) -> None:
    index(wiring, [document("first", text=TEXT)])
    agency = by_agency(document("wire", text=TEXT), "Nordpress", "Nordpress")
    wiring.ledger.link_printings(make_printings([agency]))  # and then the process died
    assert originals(wiring) == {"first": None}
    index(wiring, [agency])
    assert originals(wiring) == {"first": an_id("wire"), "wire": None}
