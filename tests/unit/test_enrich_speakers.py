"""People in languages without a model: whom a quotation names as its speaker, and whom a watch-list has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.adapters.sql_ledger import open_ledger
from pipeline.enrich.linking import entity_keys
from pipeline.enrich.listed import find_listed
from pipeline.enrich.places import load_gazetteer
from pipeline.enrich.speakers import find_speakers
from pipeline.model.entity import Kind
from pipeline.model.known import KnownEntity
from pipeline.ports import Knowledge
from tests.fixtures.documents import NOON


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "»Es reicht«, sagte Polizeisprecherin Ines Kolb. Später lachte Kolb.", ["Ines Kolb", "Kolb"]),
        ("de", "Trainer Jan Vogt geht. »Es reicht«, so Vogt.", ["Jan Vogt", "Vogt"]),
        ("de", "Frau Kolb fragte: »Wer geht?«", ["Kolb"]),
        ("de", "»Es reicht«, sagte der Bürgermeister von Berlin. Ines Kolb hörte zu.", []),
        ("de", "Die Firma nannte das »Salz«, und Ines Kolb ging.", []),
        ("es", "«No llega nadie», dijo Zulema Ortuño en Madrid.", ["Zulema Ortuño"]),
        ("es", "«No llega nadie», dijo el ministro.", []),
        ("fr", "« Personne », a déclaré mardi la directrice, Ines Marchal.", ["Ines Marchal"]),
        ("ru", "«Никто», — заявила во вторник директор Ольга Петрова.", ["Ольга Петрова"]),
        ("it", "«Nessuno», ha detto Ines Colle.", []),  # a language whose verbs of saying are not known
    ],
)
def test_who_is_quoted_is_a_person(language: str, text: str, expected: list[str]) -> None:
    found = find_speakers(text, language, load_gazetteer())
    assert [mention.text for mention in found] == expected
    assert all(text[each.start : each.end] == each.text and each.kind is Kind.PERSON for each in found)


@pytest.fixture
def knowledge(tmp_path: Path) -> Iterator[Knowledge]:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    listed = [
        KnownEntity(id="Q1", kind=Kind.PERSON, name="Ada Vell", aliases=("آدا ول", "艾达维尔", "Άντα Βελ", "عدا فيل")),
        KnownEntity(id="Q2", kind=Kind.ORGANIZATION, name="Nord Stahl AG", aliases=("Stahl",)),
    ]
    ledger.knowledge.add_known([(each, entity_keys(each.kind, each.names)) for each in listed], NOON)
    yield ledger.knowledge
    ledger.close()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Ada Vell leitet die Nord Stahl AG. Der Stahl ist teuer, sagt ada vell.", ["Ada Vell", "Nord Stahl AG"]),
        ("el", "Η Άντα Βελ έφυγε.", ["Άντα Βελ"]),
        ("fa", "دیروز آدا ول به تهران رفت.", ["آدا ول"]),
        ("ar", "وصل الوزير وعدا فيل إلى المدينة.", ["عدا فيل"]),
        ("zh", "昨天艾达维尔来了。", ["艾达维尔"]),
        ("de", "Ada, Vell und Ada\nVell.", []),
    ],
)
def test_who_is_listed_is_found_in_every_language(
    knowledge: Knowledge, language: str, text: str, expected: list[str]
) -> None:
    [other, found] = find_listed(["Nichts.", text], language, knowledge)
    assert other == ()
    assert [mention.text for mention in found] == expected
    assert all(text[each.start : each.end] == each.text for each in found)
