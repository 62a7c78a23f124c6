"""The audit of the chaos trial sees what is wrong; and what is killed when."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from examples.chaos import VICTIMS, Sums, Trial, audit, plan_kills
from examples.rough_scripts import SCRIPTS
from examples.rough_web import RoughWeb
from examples.stack import WORKERS
from pipeline.model.fate import Fate, Outcome, Tally
from pipeline.model.feed import Entry
from pipeline.ports import Ledger
from pipeline.urls import article_id
from tests.fixtures.entries import NOW, a_batch
from tests.fixtures.ingested import open_home

Documents = list[dict[str, Any]]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    wiring = open_home(tmp_path)
    yield wiring.ledger
    wiring.close()


@pytest.fixture
def web(ledger: Ledger) -> Iterator[RoughWeb]:
    """Return a web that the ledger knows, each address with a fate that its script allows."""
    with RoughWeb(1, urls=60, hosts=4) as web:
        web.not_modified = 1
        ledger.record_entries([an_entry(url) for url in web.pages], NOW)
        claims = ledger.claim(a_batch(), NOW, limit=100, lease=timedelta(minutes=1))
        reasons = {url: min(SCRIPTS[page.kind].ends) for url, page in web.pages.items()}
        ledger.settle(
            [
                Outcome(url=each.entry.url, revision=each.revision, reason=reasons[each.entry.url], at=NOW)
                for each in claims
            ]
        )
        yield web


def an_entry(url: str) -> Entry:
    return Entry(url=url, feed_url="http://127.0.1.1/feed.xml", publisher="Rough")


def documents_of(web: RoughWeb) -> Documents:
    """Return the documents that should be there."""
    return [
        {
            "id": article_id(url),
            "url": url,
            "canonical_url": url,
            "headline": page.headline(is_corrected=page.is_corrected),
            "text": page.text(is_corrected=page.is_corrected),
        }
        for url, page in web.pages.items()
        if min(SCRIPTS[page.kind].ends).fate in {Fate.INDEXED, Fate.UNCHANGED}
    ]


def audit_web(
    web: RoughWeb, ledger: Ledger, folder: Path, documents: Documents, tally: Tally | None = None
) -> list[str]:
    archive = SimpleNamespace(scan=lambda *_: [])
    stack = SimpleNamespace(
        documents=lambda: documents,
        ledger=lambda: tally or ledger.tally(),
        ledger_url=f"sqlite:///{folder}/ledger.sqlite",
        archived=archive,
        archive=folder / "archive",
    )
    sums = Sums(seed=1, urls=60, hosts=4)
    audit(stack, web, sums)  # type: ignore[arg-type]  # what the audit asks of a stack
    assert sums.documents == len([each for each in documents if "elsewhere" not in each["url"]])
    return sums.wrong


def test_nothing_is_wrong_where_all_is_as_the_scripts_say(web: RoughWeb, ledger: Ledger, tmp_path: Path) -> None:
    others = {"url": "http://127.0.0.1:1/elsewhere"}
    assert audit_web(web, ledger, tmp_path, [*documents_of(web), others]) == []


def add_unannounced(documents: Documents) -> None:
    documents.append({**documents[0], "url": documents[0]["url"] + "/other"})


def add_twice(documents: Documents) -> None:
    documents.append(documents[0])


def lose_one(documents: Documents) -> None:
    documents.pop()


def change(name: str, value: str) -> Callable[[Documents], None]:
    return lambda documents: documents[0].update({name: value})


def keep_older_version(documents: Documents) -> None:
    [corrected, *_] = [each for each in documents if "has voted" in each["text"]]
    corrected["text"] = corrected["text"].replace("has voted", "will vote")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (add_unannounced, "in the index, but never announced"),
        (add_twice, "2 documents"),
        (lose_one, "in the ledger, not in the index"),
        (keep_older_version, "the index has the text"),
        (change("headline", "Another"), "the index has the headline 'Another'"),
        (change("canonical_url", "http://127.0.1.1/"), "the index has the canonical_url"),
        (change("id", "0"), "the index has the id"),
    ],
)
def test_a_wrong_index_is_seen(
    web: RoughWeb, ledger: Ledger, tmp_path: Path, spoil: Callable[[Documents], None], told: str
) -> None:
    documents = documents_of(web)
    spoil(documents)
    [line] = audit_web(web, ledger, tmp_path, documents)
    assert told in line


def test_a_wrong_ledger_is_seen(web: RoughWeb, ledger: Ledger, tmp_path: Path) -> None:
    ledger.record_entries([an_entry(f"http://127.0.1.1:{web.port}/other")], NOW)
    [unannounced, unbalanced] = audit_web(web, ledger, tmp_path, documents_of(web), Tally(seen=2, pending=1))
    assert "in the ledger, but never announced" in unannounced
    assert "do not balance" in unbalanced


def test_a_complaint_of_the_web_is_wrong(web: RoughWeb, ledger: Ledger, tmp_path: Path) -> None:
    web.trespasses["http://127.0.1.1/private"] += 1
    [line] = audit_web(web, ledger, tmp_path, documents_of(web))
    assert "against robots.txt" in line


def test_each_victim_is_killed_once_and_some_while_another_is_down() -> None:
    sizes = Counter[int]()
    for seed in range(100):
        kills = plan_kills(Trial(seed=seed, urls=1000, hosts=10))
        names = [name for kill in kills for name in kill.names]
        assert sorted("worker" if name in WORKERS else name for name in names) == sorted(VICTIMS)
        assert [kill.after_visits for kill in kills] == sorted(kill.after_visits for kill in kills)
        sizes.update(len(kill.names) for kill in kills)
    assert sizes.keys() == {1, 2}
    assert 1 / 4 < sizes[2] / sizes.total() < 2 / 5
