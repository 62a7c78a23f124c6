"""Who of a watch-list a text means: one, by any spelling; none, where two are meant as well."""

from collections.abc import Sequence

from pipeline.enrich.linking import Decisions, Identity, choose_known
from pipeline.model.entity import Kind
from pipeline.model.known import Action, Decision, KnownEntity
from tests.fixtures.documents import NOON


def known(key: str, *names: str, countries: Sequence[str] = (), kind: Kind = Kind.PERSON) -> KnownEntity:
    return KnownEntity(id=key, kind=kind, name=names[0], aliases=names[1:], countries=tuple(countries))


def chosen(name: str, *candidates: KnownEntity, countries: Sequence[str] = (), kind: Kind = Kind.PERSON) -> str | None:
    found = choose_known(kind, name, candidates, countries)
    return found and found.id


PUTIN = known("Q7747", "Vladimir Putin", countries=["RU"])


def test_any_spelling_is_linked() -> None:
    assert chosen("Wladimir Putin", PUTIN) == chosen("Владимир Путин", PUTIN) == "Q7747"
    assert chosen("Vladimir Potanin", PUTIN) is None
    assert chosen("Putin", PUTIN) is None


def test_kinds_must_agree() -> None:
    assert chosen("Vladimir Putin", PUTIN, kind=Kind.ORGANIZATION) is None


def test_two_of_one_name_are_linked_to_neither() -> None:
    two = known("a", "John Marlow", countries=["GB"]), known("b", "John Marlow", countries=["US"])
    assert chosen("John Marlow", *two) is None
    assert chosen("John Marlow", *two, countries=["FR"]) is None
    assert chosen("John Marlow", *two, countries=["GB", "US"]) is None


def test_the_country_that_the_text_names_tells_two_apart() -> None:
    two = known("a", "John Marlow", countries=["GB"]), known("b", "John Marlow", countries=["US"])
    assert chosen("John Marlow", *two, countries=["US", "FR"]) == "b"


def test_the_exact_spelling_comes_before_others() -> None:
    two = known("a", "Andrei Medvedev"), known("b", "Andrey Medvedev")
    assert chosen("Andrey Medvedev", *two) == "b"
    assert chosen("Андрей Медведев", *two) is None


def test_the_order_of_candidates_does_not_matter() -> None:
    two = known("a", "Andrei Medvedev", countries=["RU"]), known("b", "Andrey Medvedev")
    for one, other in (two, two[::-1]):
        assert chosen("Андрей Медведев", one, other, countries=["RU"]) == "a"


def merge(subject: str, target: str, name: str = "") -> Decision:
    return Decision(action=Action.MERGE, subject=subject, target=target, name=name, decided_at=NOON)


def test_merges_follow_each_other_and_never_run_in_a_circle() -> None:
    merges = [
        merge("a", "b"),
        merge("b", "c", name="Cee"),
        merge("c", "a"),
    ]
    assert Decisions.of(merges[:2]).merge(Identity(id="a", name="A")) == Identity(id="c", name="Cee")
    assert Decisions.of(merges).merge(Identity(id="a", name="A")).id in {"a", "b", "c"}
