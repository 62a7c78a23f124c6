"""Which sentence shows why a search found a document."""

from dataclasses import replace

import pytest

from pipeline.alerts.evidence import Reading, show_sentence, sought_of
from pipeline.index.document import document_json
from pipeline.model.entity import Entity, Kind
from pipeline.search.request import make_query
from tests.fixtures.documents import TEHRAN, document

TEXT = (
    "MINSK (Kestrel Wire) — The harvest began late. Mr. Raisi's guests came to Tehran on Monday.\n\n"
    "Aliaksandr Łukašenka praised the wheat of Iran. “We will buy it. All of it,” Raisi said in Tehran.\n\n"
    "Prices of harvesters rose."
)
READ = document(
    headline="Wheat deal signed",
    deck="A contract for grain",
    text=TEXT,
    people=["Ebrahim Raisi"],
    places=[("Tehran", TEHRAN)],
)
LUKASHENKO = Entity(
    id="person:lukashenko",
    kind=Kind.PERSON,
    name="Alexander Lukashenko",
    aliases=("Aliaksandr Łukašenka", "Lukashenko"),
    count=1,
)
RAISI = replace(READ.annotation.entities[0], aliases=("Ebrahim Raisi", "Raisi"))
READ = replace(READ, annotation=replace(READ.annotation, entities=(LUKASHENKO, RAISI, READ.annotation.entities[1])))
READING = Reading(document_json(READ))


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        (make_query("harvest"), "MINSK (Kestrel Wire) — The harvest began late."),
        (
            make_query("harvester"),
            "Prices of harvesters rose.",
        ),  # a form of the word, which the store finds by its stem
        (make_query("harv*"), "MINSK"),
        (make_query("price*"), "Prices"),
        (make_query('"wheat of iran"'), "Aliaksandr"),
        (make_query("wheat iran"), "Aliaksandr"),
        (make_query("person:lukashenko"), "Aliaksandr"),  # in the spelling that the text has
        (make_query(people=["alexander lukashenko"]), "Aliaksandr"),
        (make_query("entity:person:lukashenko"), "Aliaksandr"),
        (make_query(entities=["person:lukashenko"]), "Aliaksandr"),
        (make_query("person:raisi place:tehran"), "Mr. Raisi's guests"),  # both of them, not the first one alone
        (make_query("person:raisi buy"), "“We will buy it. All of it,” Raisi said"),  # quotations stay whole
        (make_query("wheat OR prices"), "Aliaksandr"),
        (make_query("-wheat prices"), "Prices"),
        (make_query("contract"), "A contract for grain"),  # where only deck or headline has it
        (make_query("deal"), "Wheat deal signed"),
        (make_query("publisher:example"), "MINSK"),  # what no sentence can show: the first one
        (make_query(), "MINSK"),
    ],
)
def test_the_sentence_with_most_of_what_is_asked_for(query: object, begins: str) -> None:
    assert show_sentence(READING, sought_of(query, {})).startswith(begins)  # type: ignore[arg-type]


def test_a_sentence_without_end_is_cut() -> None:
    endless = Reading(document_json(document(text="word " * 1000)))
    shown = show_sentence(endless, sought_of(make_query("word"), {}))
    assert len(shown) < 510
    assert shown.endswith(" …")


def test_scripts_without_spaces() -> None:
    reading = Reading(document_json(document(language="zh", text="第一句话。总统访问德黑兰。第三句话。")))
    assert show_sentence(reading, sought_of(make_query("德黑兰"), {})) == "总统访问德黑兰。"


def test_a_document_without_text_has_its_headline() -> None:
    reading = Reading(document_json(document(headline="Only this", text="")))
    assert show_sentence(reading, sought_of(make_query("nothing"), {})) == "Only this"


def test_a_name_of_letters_that_fold_to_nothing_shows_nothing() -> None:
    odd = Entity(id="person:odd", kind=Kind.PERSON, name="ﾞﾟ", aliases=("ﾞﾟ",), count=1)
    named = replace(READ, annotation=replace(READ.annotation, entities=(odd, RAISI)))
    shown = show_sentence(Reading(document_json(named)), sought_of(make_query(people=["Ebrahim Raisi"]), {}))
    assert shown.startswith("Mr. Raisi's guests")
