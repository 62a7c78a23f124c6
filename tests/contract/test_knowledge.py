"""What the knowledge of entities promises, on SQLite and PostgreSQL."""

from datetime import timedelta

from pipeline.adapters.sql_ledger import SqlLedger
from pipeline.enrich.linking import entity_keys, link_annotations
from pipeline.knowledge.imports import import_watchlist
from pipeline.knowledge.watchlists import Problem
from pipeline.model.entity import Annotation, AnnotationMethod, Entity, Kind, Mention, Quote
from pipeline.model.known import Action, Decision, KnownEntity
from pipeline.ports import Knowledge
from tests.fixtures.documents import NOON

LATER = NOON + timedelta(hours=1)


def add(knowledge: Knowledge, *entities: KnownEntity) -> None:
    knowledge.add_known([(each, entity_keys(each.kind, each.names)) for each in entities], NOON)


def person(key: str, *names: str, source: str = "list") -> KnownEntity:
    return KnownEntity(id=key, kind=Kind.PERSON, name=names[0], aliases=names[1:], source=source)


def annotation(*names: str) -> Annotation:
    entities = tuple(
        Entity(id=f"person:{name}", kind=Kind.PERSON, name=name, aliases=(name,), count=1) for name in names
    )
    mentions = tuple(
        Mention(start=place, end=place + 1, text=each.name, kind=Kind.PERSON, entity=each.id)
        for place, each in enumerate(entities)
    )
    quote = Quote(start=0, end=1, text="Yes", speaker=entities[0].id)
    return Annotation(
        language="en", method=AnnotationMethod.MODEL, mentions=mentions, entities=entities, quotes=(quote,)
    )


def test_entities_are_found_by_each_key_and_replaced_by_id(ledger: SqlLedger) -> None:
    knowledge = ledger.knowledge
    first, second = person("b", "Ann"), person("a", "Bo")
    assert knowledge.add_known([(first, {-1, 2}), (second, {2})], NOON).new == 2
    assert knowledge.candidates([{-1}, {2}, {3}, ()], limit=9) == ((first,), (second, first), (), ())
    replaced = person("b", "Cy")
    added = knowledge.add_known([(replaced, {3, 4})], LATER)
    assert (added.new, added.replaced) == (0, 1)
    assert knowledge.candidates([{-1}, {2}, {3, 4}], limit=9) == ((), (second,), (replaced,))
    assert list(knowledge.all_known()) == [second, replaced]
    assert knowledge.known(["a", "x"]) == {"a": second}


def test_a_key_that_too_many_share_tells_nothing_and_rarer_ones_come_first(ledger: SqlLedger) -> None:
    people = [person(f"p{number}", "Ann") for number in range(6)]
    keys = [{1, 2}, {1, 2, 3}, {1, 3}, {1}, {1}, {1}]
    ledger.knowledge.add_known(list(zip(people, keys, strict=True)), NOON)
    found = ledger.knowledge.candidates([{1}, {1, 2}, {2, 3}], limit=5)
    assert [[each.id for each in those] for those in found] == [[], ["p0", "p1"], ["p0", "p1", "p2"]]
    found = ledger.knowledge.candidates([{1}, {1, 2}, {2, 3}], limit=2)
    assert [[each.id for each in those] for those in found] == [[], ["p0", "p1"], ["p0", "p1"]]


def test_what_was_added_at_the_same_time_stays(ledger: SqlLedger) -> None:
    ledger.knowledge.add_known([(person("a", "Ann"), {7})], NOON)
    added = ledger.knowledge.add_known([(person("a", "Bo"), {7}), (person("b", "Cy"), {7})], NOON)
    assert (added.new, added.replaced, added.repeated) == (1, 0, {"a"})
    assert [each.name for each in ledger.knowledge.all_known()] == ["Ann", "Cy"]


def test_a_source_can_be_forgotten(ledger: SqlLedger) -> None:
    knowledge = ledger.knowledge
    knowledge.add_known([(person("a", "Ann"), {7}), (person("b", "Bo", source="other"), {7})], NOON)
    assert knowledge.forget_known("list") == 1
    assert [[each.id for each in those] for those in knowledge.candidates([{7}], limit=9)] == [["b"]]


def test_many_entities_are_paged_and_many_keys_asked_at_once(ledger: SqlLedger) -> None:
    knowledge = ledger.knowledge
    for start in range(0, 1_500, 500):
        people = [person(f"{number:04}", f"Name {number}") for number in range(start, start + 500)]
        knowledge.add_known([(each, {int(each.id), -1}) for each in people], NOON)
    assert [each.id for each in knowledge.all_known()] == [f"{number:04}" for number in range(1_500)]
    found = knowledge.candidates([*({number} for number in range(1_500)), {-1}], limit=50)
    assert [[each.id for each in those] for those in found] == [*([f"{number:04}"] for number in range(1_500)), []]


def test_decisions_are_kept_replaced_and_revoked(ledger: SqlLedger) -> None:
    knowledge = ledger.knowledge
    merge = Decision(action=Action.MERGE, subject="a", target="b", decided_at=NOON)
    split = Decision(action=Action.SPLIT, subject="a", target="c", spelling="ann", decided_at=LATER)
    knowledge.decide([split, merge])
    assert knowledge.decisions() == (merge, split)
    other = Decision(action=Action.MERGE, subject="a", target="d", decided_at=LATER)
    knowledge.decide([other])
    assert set(knowledge.decisions()) == {other, split}
    knowledge.revoke([split, other])
    assert knowledge.decisions() == ()


def test_texts_are_linked_a_batch_at_a_time(ledger: SqlLedger) -> None:
    add(ledger.knowledge, person("Q7747", "Vladimir Putin"), person("Q1", "Александр Лукашенко"))
    texts = [annotation("Владимир Путин", "Wladimir Putin", "Ada Vell"), annotation("Alexandre Loukachenko")]
    first, second = link_annotations(texts, ledger.knowledge)
    assert [(each.id, each.name, each.count) for each in first.entities] == [
        ("Q7747", "Vladimir Putin", 2),
        ("person:Ada Vell", "Ada Vell", 1),
    ]
    assert first.entities[0].aliases == ("Владимир Путин", "Wladimir Putin")
    assert [mention.entity for mention in first.mentions] == ["Q7747", "Q7747", "person:Ada Vell"]
    assert first.quotes[0].speaker == "Q7747"
    assert [each.id for each in second.entities] == ["Q1"]


def test_an_import_keeps_the_first_of_an_id_also_over_pieces(ledger: SqlLedger) -> None:
    rows = [f'{{"id": "p{number % 700}", "name": "Ann {number}"}}'.encode() for number in range(1_200)]
    problems: list[Problem] = []
    added = import_watchlist(rows, "l.jsonl", knowledge=ledger.knowledge, now=NOON, on_problem=problems.append)
    assert (added.new, added.replaced, len(problems)) == (700, 0, 500)
    assert problems[0] == Problem(line=701, detail="the id 'p0' stands in an earlier line already")
    assert ledger.knowledge.known(["p0"])["p0"].name == "Ann 0"
    again = import_watchlist(rows, "l.jsonl", knowledge=ledger.knowledge, now=LATER, on_problem=problems.append)
    assert (again.new, again.replaced) == (0, 700)
