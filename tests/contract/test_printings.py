"""What every ledger promises of texts and their copies: one answer, in whatever order they come."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import func, select

from pipeline.adapters.sql_database import Database
from pipeline.adapters.sql_schema import printing_keys, printings
from pipeline.model.reprint import Fingerprint, Printing, Reprint, Standing
from pipeline.ports import Ledger, Reprints
from pipeline.reprints.fingerprints import take_fingerprints
from tests.fixtures.entries import MINUTE, NOW


def fingerprint(text: str) -> Fingerprint:
    return take_fingerprints([text])[0]


def words(seed: object, count: int = 120) -> str:
    chance = random.Random(str(seed))
    return " ".join("".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 9))) for _ in range(count))


def a_printing(name: object, text: str, *, minute: int = 0, standing: Standing = Standing.NONE) -> Printing:
    at = NOW + minute * MINUTE
    return Printing(
        article_id=f"article-{name}", fingerprint=fingerprint(text), standing=standing, printed_at=at, captured_at=at
    )


def settle(ledger: Ledger) -> None:
    while links := ledger.untold_reprints(limit=1000):
        ledger.mark_told(links)


def originals(links: Reprints) -> dict[str, str | None]:
    return {
        key.removeprefix("article-"): link.reprint_of.removeprefix("article-") if link else None
        for key, link in links.items()
    }


def test_a_copy_names_the_earliest_and_its_share(ledger: Ledger) -> None:
    taken, own = words("taken", 100), words("own", 100)
    first, second = a_printing(1, taken), a_printing(2, f"{taken} {own}", minute=1)
    other = a_printing(3, words("other"), minute=2)
    links = ledger.link_printings([first, second, other])
    assert links["article-1"] is None
    assert links["article-3"] is None
    link = links["article-2"]
    assert isinstance(link, Reprint)
    assert link.reprint_of == "article-1"
    assert link.own_share == pytest.approx(0.5, abs=0.02)
    assert link.similarity == pytest.approx(0.5, abs=0.02)
    assert ledger.reprints(["article-2", "article-1", "unknown"]) == {"article-1": None, "article-2": link}
    assert ledger.untold_reprints(limit=10) == {}


def family() -> list[Printing]:
    lede, rest, own = words("lede", 75), words("rest", 140), words("own", 75)
    return [
        a_printing("late agency", f"{lede} {rest}", minute=9, standing=Standing.AGENCY),
        a_printing("early copy", f"{lede} {rest}", minute=1),
        a_printing("only the lede", lede, minute=2),
        a_printing("named", f"{lede} {rest} {own}", minute=3, standing=Standing.NAMES_AGENCY),
        a_printing("took its own words", f"{own} {words('more', 20)}", minute=4),
    ]


def test_the_links_are_the_same_in_any_order_of_arrival(ledger: Ledger) -> None:
    expected = {
        "late agency": None,
        "early copy": "late agency",
        "only the lede": "late agency",
        "named": "late agency",
        "took its own words": "named",
    }
    for number, order in enumerate(permutations(family())):
        renamed = [replace(each, article_id=f"{each.article_id} {number}") for each in order]
        texts = [replace(each, fingerprint=_only_in(number, each)) for each in renamed]
        for each in texts:
            ledger.link_printings([each])
        settle(ledger)
        found = originals(ledger.reprints([each.article_id for each in texts]))
        suffix = f" {number}"
        assert {
            key.removesuffix(suffix): value and value.removesuffix(suffix) for key, value in found.items()
        } == expected, [each.article_id for each in order]


def _only_in(number: int, printing: Printing) -> Fingerprint:
    """Return the fingerprint with every hash changed alike, so that one ledger serves many families."""

    def moved(hashes: bytes, size: int) -> bytes:
        numbers = (int.from_bytes(hashes[at : at + size], "little") for at in range(0, len(hashes), size))
        mask = number * 2654435761 % 2 ** (8 * size)
        return b"".join(each.to_bytes(size, "little") for each in sorted(each ^ mask for each in numbers))

    given = printing.fingerprint
    return Fingerprint(keys=moved(given.keys, 4), passages=moved(given.passages, 3), shingles=moved(given.shingles, 3))


def test_all_at_once_and_one_by_one_are_the_same(ledger: Ledger) -> None:
    texts = family()
    at_once = ledger.link_printings(texts)
    settle(ledger)
    assert ledger.link_printings(texts) == at_once
    assert originals(at_once)["took its own words"] == "named"


def test_what_was_linked_before_an_original_came_is_told_once(ledger: Ledger) -> None:
    text = words("text")
    copies = [a_printing(name, text, minute=name) for name in (1, 2)]
    assert originals(ledger.link_printings(copies)) == {"1": None, "2": "1"}
    agency = a_printing("agency", text, minute=3, standing=Standing.AGENCY)
    assert originals(ledger.link_printings([agency])) == {"agency": None}
    links = ledger.untold_reprints(limit=10)
    assert originals(links) == {"1": "agency", "2": "agency"}
    ledger.mark_told(
        {key: links[key] for key in ["article-1"]} | {"article-2": None}
    )  # the second is not what it is now
    assert originals(ledger.untold_reprints(limit=10)) == {"2": "agency"}
    settle(ledger)
    assert ledger.untold_reprints(limit=10) == {}


def test_a_link_that_is_told_after_a_newer_one_is_told_again(ledger: Ledger) -> None:
    text = words("text")
    ledger.link_printings([a_printing(3, text, minute=3)])
    ledger.link_printings([a_printing(2, text, minute=2)])
    slow = ledger.untold_reprints(limit=10)
    ledger.link_printings([a_printing(1, text, minute=1)])
    newer = ledger.untold_reprints(limit=10)
    assert (originals(slow), originals(newer)) == ({"3": "2"}, {"3": "1", "2": "1"})
    ledger.mark_told(newer)
    ledger.mark_told(slow)  # its document says the older by now
    assert originals(ledger.untold_reprints(limit=10)) == {"3": "1"}


def test_an_article_that_says_something_else_is_no_copy_any_more(ledger: Ledger) -> None:
    text = words("text")
    first, copy, third = (a_printing(name, text, minute=name) for name in (1, 2, 3))
    ledger.link_printings([first, copy, third])
    rewritten = replace(first, fingerprint=fingerprint(words("rewritten")), captured_at=NOW + 9 * MINUTE)
    ledger.link_printings([rewritten])
    settle(ledger)
    assert originals(ledger.reprints(["article-1", "article-2", "article-3"])) == {"1": None, "2": None, "3": "2"}
    assert originals(ledger.link_printings([first])) == {"1": None}  # an older capture changes nothing
    settle(ledger)
    assert originals(ledger.reprints(["article-3"])) == {"3": "2"}


@pytest.mark.parametrize("text", ["", "One line.", "Watch live", " ".join(["again"] * 500)])
def test_texts_that_say_too_little_are_nobodys_copies(ledger: Ledger, text: str) -> None:
    texts = [a_printing(name, text, minute=name) for name in range(3)]
    assert set(originals(ledger.link_printings(texts)).values()) == {None}


@pytest.mark.parametrize("order", ["as printed", "backwards", "shuffled"])
def test_hundreds_of_copies_of_one_text_have_one_original(ledger: Ledger, order: str) -> None:
    text = words("text")
    copies = [a_printing(f"{name:04}", f"{text} {words(name, 20)}", minute=name) for name in range(600)]
    _order(copies, order)
    for start in range(0, len(copies), 50):
        ledger.link_printings(copies[start : start + 50])
    settle(ledger)
    found = originals(ledger.reprints([each.article_id for each in copies]))
    assert {key: value for key, value in found.items() if value != "0000"} == {"0000": None}


def _order(copies: list[Printing], order: str) -> None:
    if order == "backwards":
        copies.reverse()
    elif order == "shuffled":
        random.Random(1).shuffle(copies)


def test_a_publishers_clock_cannot_part_the_same_times(ledger: Ledger) -> None:
    text = words("text")
    same = [a_printing(name, text) for name in "cab"]
    assert originals(ledger.link_printings(same)) == {"a": None, "b": "a", "c": "a"}
    earlier = replace(same[0], printed_at=NOW - timedelta(days=1), captured_at=NOW + MINUTE)
    ledger.link_printings([earlier])
    settle(ledger)
    assert originals(ledger.reprints([each.article_id for each in same])) == {"a": "c", "b": "c", "c": None}


def test_copies_that_come_in_backwards_are_corrected_about_once_each(ledger: Ledger) -> None:
    text = words("text")
    copies = [a_printing(f"{name:04}", f"{text} {words(name, 20)}", minute=name) for name in range(600)]
    corrections = 0
    for start in range(len(copies), 0, -50):
        ledger.link_printings(copies[start - 50 : start])
        links = ledger.untold_reprints(limit=200)
        corrections += len(links)
        ledger.mark_told(links)
    while links := ledger.untold_reprints(limit=200):
        corrections += len(links)
        ledger.mark_told(links)
    assert set(originals(ledger.reprints([each.article_id for each in copies[1:]])).values()) == {"0000"}
    assert corrections < 2.5 * len(copies)  # one while they come in, one at the end, and some of the best-ranked


def forget(ledger: Ledger, before: datetime) -> int:
    done = 0
    while count := ledger.forget_printings(before, limit=2):
        done += count
    return done


def test_old_texts_are_forgotten_and_no_younger_reprint_loses_its_original(ledger: Ledger) -> None:
    text, other = words("text"), words("other")
    old = [a_printing(name, text, minute=minute) for minute, name in enumerate("abc")]
    alone = [a_printing(name, other, minute=minute) for minute, name in enumerate("xyz")]
    young = a_printing("young", text, minute=100)
    ledger.link_printings([*old, *alone, young])
    before = NOW + 50 * MINUTE
    assert ledger.count_forgettable(before) == 5
    assert forget(ledger, before) == 5
    assert ledger.count_forgettable(before) == 0
    kept = ledger.reprints([each.article_id for each in (*old, *alone, young)])
    assert originals(kept) == {"a": None, "young": "a"}
    # What comes now is a copy of what is remembered, and of nothing else; numbers that are free again mean nobody old.
    found = originals(
        ledger.link_printings([a_printing("new", text, minute=101), a_printing("odd", other, minute=102)])
    )
    assert found == {"new": "a", "odd": None}


def test_forgetting_everything_leaves_no_key_behind(ledger: Ledger, ledger_url: str) -> None:
    ledger.link_printings([a_printing(name, words(name), minute=name) for name in range(5)])
    assert forget(ledger, NOW + 50 * MINUTE) == 5
    database = Database(ledger_url)
    with database.read() as connection:
        assert [
            connection.execute(select(func.count()).select_from(each)).scalar() for each in (printing_keys, printings)
        ] == [0, 0]
    database.close()
