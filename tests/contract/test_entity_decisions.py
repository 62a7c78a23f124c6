"""Merges and splits, applied to what both search stores keep, and to what is annotated afterwards."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.enrich.linking import entity_keys, link_annotations
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.index.document import document_json
from pipeline.knowledge.decisions import Deciding
from pipeline.model.document import Document
from pipeline.model.entity import Entity, Kind, Mention, Quote
from pipeline.model.known import Action, Decision, KnownEntity
from pipeline.ports import Form, SearchStore
from pipeline.search.request import make_query
from tests.fixtures.documents import NOON, document


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def deciding(store: SearchStore, ledger: SqlLedger) -> Deciding:
    return Deciding(ledger.knowledge, store, NOON)


def person(key: str, *names: str, count: int = 1) -> Entity:
    return Entity(id=key, kind=Kind.PERSON, name=names[0], aliases=names, count=count)


def naming(name: str, *entities: Entity, text: str = "Some text.", speaker: str | None = None) -> Document:
    written = document(name, text=text)
    quotes = (Quote(start=0, end=4, text="Some", speaker=speaker, cue="said"),) if speaker else ()
    return replace(written, annotation=replace(written.annotation, entities=entities, quotes=quotes))


ONE, OTHER = "person:ann-lee", "person:anna-li"


def entities_of(store: SearchStore, written: Document) -> list[tuple[str, str, int]]:
    form = store.document(written.id)
    assert form
    return [(entity["id"], entity["name"], entity["count"]) for entity in form["entities"]]


def test_a_store_finds_what_names_an_entity(store: SearchStore) -> None:
    written = [naming(str(number), person(ONE, "Ann Lee")) for number in range(450)]
    store.write([*written, naming("x", person(ONE + "x", "Ann Lee")), naming("y", speaker=ONE)])
    assert [form["id"] for form in store.naming(ONE)] == sorted(each.id for each in written)
    assert list(store.naming("person:nobody")) == []


def test_a_merge_rewrites_documents_and_holds_for_new_ones(
    store: SearchStore, ledger: SqlLedger, deciding: Deciding
) -> None:
    alone = naming("alone", person(OTHER, "Anna Li", count=2), speaker=OTHER)
    both = naming("both", person(ONE, "Ann Lee"), person(OTHER, "Anna Li", count=2))
    untouched = naming("untouched", person("person:bo-ek", "Bo Ek"))
    store.write([alone, both, untouched, naming("kept", person(ONE, "Ann Lee"))])
    assert deciding.merge(ONE, OTHER) == 2
    assert entities_of(store, alone) == [(ONE, "Ann Lee", 2)]
    assert entities_of(store, both) == [(ONE, "Ann Lee", 3)]
    assert entities_of(store, untouched) == [("person:bo-ek", "Bo Ek", 1)]
    form = store.document(alone.id)
    assert form
    assert (form["people"], form["quotes"][0]["speaker"], form["quotes"][0]["speaker_name"]) == (
        ["Ann Lee"],
        ONE,
        "Ann Lee",
    )
    assert store.search(make_query(people=["Ann Lee"])).total == 3
    assert list(store.naming(OTHER)) == []
    [later] = link_annotations([alone.annotation], ledger.knowledge)
    assert [(each.id, each.name) for each in later.entities] == [(ONE, "Ann Lee")]


def test_a_document_that_the_index_refuses_is_said_and_not_counted(
    store: SearchStore, deciding: Deciding, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alone = naming("alone", person(OTHER, "Anna Li"))
    store.write([alone, naming("kept", person(ONE, "Ann Lee"))])
    monkeypatch.setattr(store, "revise", lambda ids, _: dict.fromkeys(ids, "too large"))
    assert deciding.merge(ONE, OTHER) == 0
    assert f"{alone.id} keeps the entity as it was" in caplog.text
    assert "too large" in caplog.text


def break_off(store: SearchStore, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Have the store fail once it has revised documents so many times."""
    revise, calls = store.revise, Counter[str]()

    def fail(ids: Collection[str], change: Callable[[Form], Form]) -> Mapping[str, str]:
        calls["revise"] += 1
        if calls["revise"] > after:
            raise StoreUnavailable("gone")
        return revise(ids, change)

    monkeypatch.setattr(store, "revise", fail)


def test_a_merge_that_was_broken_off_is_repeated(
    store: SearchStore, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [naming(f"{number:03}", person(OTHER, "Anna Li")) for number in range(150)]
    store.write([*written, naming("kept", person(ONE, "Ann Lee"))])
    with monkeypatch.context() as patched:
        break_off(store, patched, after=1)
        with pytest.raises(StoreUnavailable):
            deciding.merge(ONE, OTHER)
    assert len(list(store.naming(OTHER))) == 50
    assert deciding.merge(ONE, OTHER) == 50
    assert list(store.naming(OTHER)) == []
    assert deciding.merge(ONE, OTHER) == 0


def test_taking_a_merge_back_that_was_broken_off_is_repeated(
    store: SearchStore, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([naming("kept", person(ONE, "Ann Lee")), naming("other", person("person:bo-ek", "Bo Ek"))])
    deciding.merge(ONE, "person:bo-ek")
    with monkeypatch.context() as patched:
        break_off(store, patched, after=0)
        with pytest.raises(StoreUnavailable):
            deciding.split(ONE, ["person:bo-ek"])
    assert deciding.split(ONE, ["person:bo-ek"]) == 1
    assert [form["url"][-5:] for form in store.naming("person:bo-ek")] == ["other"]
    with pytest.raises(UsageError, match="is no spelling of"):
        deciding.split(ONE, ["person:bo-ek"])


def test_a_merge_holds_in_a_generation_that_waits_to_be_promoted(store: SearchStore, deciding: Deciding) -> None:
    written = [naming("one", person(ONE, "Ann Lee")), naming("other", person(OTHER, "Anna Li"))]
    rebuilt = store.begin_generation()
    store.write(written)
    store.write([*written, naming("more", person(OTHER, "Anna Li"))], generation=rebuilt)
    assert deciding.merge(ONE, OTHER) == 2
    store.promote(rebuilt)
    assert list(store.naming(OTHER)) == []
    assert len(list(store.naming(ONE))) == 3


def test_what_was_indexed_after_a_decision_as_it_was_before_is_caught_up(
    store: SearchStore, deciding: Deciding
) -> None:
    store.write([naming("one", person(ONE, "Ann Lee")), naming("other", person(OTHER, "Anna Li"))])
    deciding.merge(ONE, OTHER)
    store.write([naming("late", person(OTHER, "Anna Li"))])
    assert deciding.apply_since(NOON + timedelta(seconds=1)) == 0
    assert deciding.apply_since(NOON) == 1
    assert list(store.naming(OTHER)) == []


def test_a_merge_can_be_undone(store: SearchStore, ledger: SqlLedger, deciding: Deciding) -> None:
    kept, merged = (
        naming("kept", person(ONE, "Ann Lee", "Lee")),
        naming("merged", person("person:bo-ek", "Bo Ek", "Ek")),
    )
    store.write([kept, merged])
    deciding.merge(ONE, "person:bo-ek")
    assert entities_of(store, merged) == [(ONE, "Ann Lee", 1)]
    assert deciding.split(ONE, ["person:bo-ek"]) == 1
    assert entities_of(store, merged) == [("person:bo-ek", "Bo Ek", 1)]
    assert entities_of(store, kept) == [(ONE, "Ann Lee", 1)]
    assert ledger.knowledge.decisions() == ()


def test_a_spelling_is_split_off(store: SearchStore, ledger: SqlLedger, deciding: Deciding) -> None:
    key = "person:andrei-medvedev"
    text = "Andrei Medvedev met Andrey Medvedev. Andrey Medvedev left."
    one = naming("one", person(key, "Andrei Medvedev"))
    other = naming("other", person(key, "Andrey Medvedev"), text="Andrey Medvedev left.")
    both = naming("both", person(key, "Andrei Medvedev", "Andrey Medvedev", count=3), text=text)
    store.write([one, other, both])
    assert deciding.split(key, ["Andrey Medvedev"]) == 2
    new = "person:andrey-medvedev"
    assert entities_of(store, one) == [(key, "Andrei Medvedev", 1)]
    assert entities_of(store, other) == [(new, "Andrey Medvedev", 1)]
    assert entities_of(store, both) == [(key, "Andrei Medvedev", 1), (new, "Andrey Medvedev", 2)]
    [later] = link_annotations([other.annotation], ledger.knowledge)
    assert [each.id for each in later.entities] == [new]


@pytest.mark.parametrize(
    ("text", "aliases", "spelling", "expected"),
    [
        (
            "Andrei Medvedev met Andrey Medvedev. Andrey Medvedev left.",
            ("Andrei Medvedev", "Andrey Medvedev"),
            "Andrey Medvedev",
            [("person:andrei-medvedev", "Andrei Medvedev", 1), ("person:andrey-medvedev", "Andrey Medvedev", 2)],
        ),
        (
            "Andrei Medvedev spoke. Medvedev left, and Medvedev is another.",
            ("Andrei Medvedev", "Medvedev"),
            "Medvedev",
            [("person:andrei-medvedev", "Andrei Medvedev", 1), ("person:medvedev", "Medvedev", 2)],
        ),
        ("Medvedev left.", ("Medvedev",), "Medvedev", [("person:medvedev", "Medvedev", 1)]),
    ],
)
def test_a_split_survives_a_replay(
    store: SearchStore,
    ledger: SqlLedger,
    deciding: Deciding,
    text: str,
    aliases: tuple[str, ...],
    spelling: str,
    expected: list[tuple[str, str, int]],
) -> None:
    key = "person:andrei-medvedev"
    mentions = tuple(
        Mention(start=found.start(), end=found.end(), text=found[0], kind=Kind.PERSON, entity=key)
        for found in re.finditer("(Andre[iy] )?Medvedev", text)
    )
    written = naming("one", person(key, *aliases, count=len(mentions)), text=text)
    written = replace(written, annotation=replace(written.annotation, mentions=mentions))
    store.write([written])
    assert deciding.split(key, [spelling]) == 1
    assert entities_of(store, written) == expected
    [again] = link_annotations([written.annotation], ledger.knowledge)
    assert [(each.id, each.name, each.count) for each in again.entities] == expected
    named = Counter(mention.entity for mention in again.mentions)
    assert named == {entity_id: count for entity_id, _, count in expected}


LUKASHENKO, LUKASCHENKO = "person:alexander-lukashenko", "person:alexander-lukaschenko"
BOTH = (
    'Alexander Lukaschenko came. Lukaschenko said "No more" at last. Alexander Lukashenko went. '
    '"We agree" is what Lukashenko said.'
)


def reading(text: str, *, speakers: dict[str, str], **ids: str) -> Document:
    """Return a document that has each name's mentions, and the quotes with their speakers; names are given with _ for a blank."""
    owners = {name.replace("_", " "): entity_id for name, entity_id in ids.items()}
    names = "|".join(sorted(owners, key=len, reverse=True))
    mentions = tuple(
        Mention(start=found.start(), end=found.end(), text=found[0], kind=Kind.PERSON, entity=owners[found[0]])
        for found in re.finditer(names, text)
    )
    spellings: dict[str, list[str]] = {}
    for mention in mentions:
        spellings.setdefault(mention.entity, []).append(mention.text)
    entities = tuple(
        person(entity_id, *dict.fromkeys(found), count=len(found)) for entity_id, found in spellings.items()
    )
    quotes = tuple(
        Quote(start=text.index(said), end=text.index(said) + len(said), text=said, speaker=speaker, cue="said")
        for said, speaker in speakers.items()
    )
    written = document("both", text=text)
    annotation = replace(written.annotation, mentions=mentions, entities=entities, quotes=quotes)
    return replace(written, annotation=annotation)


def test_a_surname_alone_follows_its_full_name_in_the_index_as_in_a_replay(
    store: SearchStore, ledger: SqlLedger, deciding: Deciding
) -> None:
    spelled = ("Alexander_Lukaschenko", "Lukaschenko", "Alexander_Lukashenko", "Lukashenko")
    written = reading(
        BOTH, speakers={"No more": LUKASHENKO, "We agree": LUKASHENKO}, **dict.fromkeys(spelled, LUKASHENKO)
    )
    store.write([written])
    assert deciding.split(LUKASHENKO, ["Alexander Lukaschenko"]) == 1
    form = store.document(written.id)
    assert form
    assert {each["id"]: (each["name"], each["aliases"], each["count"]) for each in form["entities"]} == {
        LUKASHENKO: ("Alexander Lukashenko", ["Alexander Lukashenko", "Lukashenko"], 2),
        LUKASCHENKO: ("Alexander Lukaschenko", ["Alexander Lukaschenko", "Lukaschenko"], 2),
    }
    assert [(quote["speaker"], quote["speaker_name"]) for quote in form["quotes"]] == [
        (LUKASCHENKO, "Alexander Lukaschenko"),
        (LUKASHENKO, "Alexander Lukashenko"),
    ]
    [again] = link_annotations([written.annotation], ledger.knowledge)
    assert document_json(replace(written, annotation=again)) == form
    assert Counter(mention.entity for mention in again.mentions) == {LUKASHENKO: 2, LUKASCHENKO: 2}


def test_a_merge_that_is_undone_gives_surnames_and_quotes_back(store: SearchStore, deciding: Deciding) -> None:
    text = 'Ann Lee met Bo Ek. Lee said "Yes" at once. "No" is what Ek said.'
    written = reading(
        text, speakers={"Yes": ONE, "No": "person:bo-ek"}, Ann_Lee=ONE, Lee=ONE, Bo_Ek="person:bo-ek", Ek="person:bo-ek"
    )
    store.write([written])
    before = store.document(written.id)
    assert deciding.merge(ONE, "person:bo-ek") == 1
    assert entities_of(store, written) == [(ONE, "Ann Lee", 4)]
    assert deciding.split(ONE, ["person:bo-ek"]) == 1
    assert store.document(written.id) == before


def test_a_spelling_of_a_merged_entity_can_be_split_off_for_good(ledger: SqlLedger) -> None:
    merge = Decision(action=Action.MERGE, subject=OTHER, target=ONE, name="Ann Lee", decided_at=NOON)
    split = Decision(
        action=Action.SPLIT, subject=ONE, target="person:bo-ek", spelling="bo ek", name="Bo Ek", decided_at=NOON
    )
    ledger.knowledge.decide([merge, split])
    [again] = link_annotations([naming("one", person(OTHER, "Bo Ek")).annotation], ledger.knowledge)
    assert [each.id for each in again.entities] == ["person:bo-ek"]


def test_many_decisions_are_read_once(
    store: SearchStore, ledger: SqlLedger, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"Ann Lee{number}" for number in range(20)]
    store.write([naming(str(number), person(f"{ONE}{number}", name)) for number, name in enumerate(names)])
    decisions = [
        Decision(action=Action.MERGE, subject=f"{ONE}{number}", target=ONE, name="Ann Lee", decided_at=NOON)
        for number in range(20)
    ]
    reads = Counter[str]()
    read = ledger.knowledge.decisions

    def count() -> tuple[Decision, ...]:
        reads["decisions"] += 1
        return read()

    monkeypatch.setattr(ledger.knowledge, "decisions", count)
    assert deciding.adopt(decisions) == 20
    assert [deciding.identify(each.subject).id for each in decisions] == [ONE] * 20
    assert reads["decisions"] == 1


def test_a_known_entity_gives_its_name_to_what_is_merged_into_it(
    store: SearchStore, ledger: SqlLedger, deciding: Deciding
) -> None:
    known = KnownEntity(id="Q1", kind=Kind.PERSON, name="Ann Margaret Lee")
    ledger.knowledge.add_known([(known, entity_keys(known.kind, known.names))], NOON)
    written = naming("one", person(ONE, "Ann Lee"))
    store.write([written])
    deciding.merge("Q1", ONE)
    assert entities_of(store, written) == [("Q1", "Ann Margaret Lee", 1)]


def test_an_entity_is_found_by_its_id_and_by_any_name(
    store: SearchStore, ledger: SqlLedger, deciding: Deciding
) -> None:
    known = KnownEntity(id="Q1", kind=Kind.PERSON, name="Ann Margaret Lee", aliases=("Ann Lee",))
    ledger.knowledge.add_known([(known, entity_keys(known.kind, known.names))], NOON)
    store.write([naming("one", person(OTHER, "Anna Li", "Li"), text="Anna Li, once Li, spoke.")])
    for asked, found in (("Q1", "Q1"), ("ann  LEE", "Q1"), (OTHER, OTHER), ("Anna Li", OTHER), ("li", OTHER)):
        assert deciding.find(asked).id == found
    store.write([naming("two", person(ONE, "Ann Lee"), text="Ann Lee spoke.")])
    with pytest.raises(UsageError, match=f"'Ann Lee' is a name of 2 entities: Q1, {ONE}; "):
        deciding.find("Ann Lee")
    deciding.merge("Q1", ONE)
    assert deciding.find("Ann Lee").id == "Q1"
    with pytest.raises(UsageError, match="entities show NAME"):
        deciding.find('Bo "Ek')


def test_mistakes_are_told(store: SearchStore, ledger: SqlLedger, deciding: Deciding) -> None:
    organization = Entity(id="organization:lee", kind=Kind.ORGANIZATION, name="Lee", aliases=("Lee",), count=1)
    store.write([naming("one", person(ONE, "Ann Lee"), organization, person(OTHER, "Anna Li"))])
    for call, message in (
        (lambda: deciding.merge(ONE, "person:nobody"), "nothing is known of the entity 'person:nobody'"),
        (lambda: deciding.merge(ONE, ONE), "is person:ann-lee already"),
        (lambda: deciding.merge(ONE, "organization:lee"), "no merge"),
        (lambda: deciding.split(ONE, ["Bo Ek"]), "'Bo Ek' is no spelling of person:ann-lee"),
        (lambda: deciding.split("person:nobody", ["Bo Ek"]), "nothing is known"),
    ):
        with pytest.raises(UsageError, match=message):
            call()
    assert ledger.knowledge.decisions() == ()
    deciding.merge(ONE, OTHER)
    with pytest.raises(UsageError, match=f"already merged into {ONE}: {OTHER};"):
        deciding.merge(OTHER, ONE)
