"""Which place of a name is meant, whence a text comes, and what counts toward a country."""

import pytest

from pipeline.enrich.demonyms import find_demonyms
from pipeline.enrich.entities import attach_demonyms
from pipeline.enrich.locations import NamedPlace, decide_home, distance, locate_places
from pipeline.enrich.places import Gazetteer, load_gazetteer
from pipeline.enrich.salience import rank_entities
from pipeline.enrich.words import load_demonyms
from pipeline.model.entity import Entity, Kind, Mention


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return load_gazetteer()


@pytest.mark.parametrize(
    ("names", "countries", "home", "expected"),
    [
        (["Birmingham"], (), None, "GB"),
        (["Birmingham"], (), "US", "US"),
        (["Athens"], (), "US", "GR"),  # a capital needs more than the paper's home against it
        (["Cambridge"], (), "US", "US"),
        (["Cambridge", "Boston"], (), None, "US"),
        (["Portland", "Salem", "Seattle"], (), None, "US"),
        (["Valencia", "Madrid"], (), None, "ES"),
        (["Valencia", "Caracas", "Maracay"], ("VE",), None, "VE"),
        (["Tripoli", "Beirut"], ("LB",), None, "LB"),
        (["Norhaven upon Nothing"], (), None, None),
    ],
)
def test_homonyms_are_decided_by_what_stands_beside_them(
    gazetteer: Gazetteer, names: list[str], countries: tuple[str, ...], home: str | None, expected: str | None
) -> None:
    located = locate_places([NamedPlace(name=name) for name in names], countries, home, gazetteer)
    assert (located[names[0]].place.country if names[0] in located else None) == expected


@pytest.mark.parametrize(
    ("country", "url", "tag", "expected"),
    [
        ("de", "https://news.example.fr/a", "en-US", "DE"),
        (None, "https://news.example.co.uk/a", "en-US", "GB"),
        (None, "https://news.example.fr/a", None, "FR"),
        (None, "https://news.example.io/a", "en-US", "US"),
        (None, "https://news.example/a", "pt_BR", "BR"),
        (None, "https://news.example/a", "en", None),
        (None, "https://пример.xn--p1ai/a", None, "RU"),
        (None, "", None, None),
    ],
)
def test_a_text_comes_from_its_feed_its_host_or_its_language(
    country: str | None, url: str, tag: str | None, expected: str | None
) -> None:
    assert decide_home(country, url, tag) == expected


def test_distances_are_along_the_globe(gazetteer: Gazetteer) -> None:
    berlin, sydney = gazetteer.resolve("Berlin"), gazetteer.resolve("Sydney")
    assert berlin
    assert sydney
    assert 16_000 < distance(berlin, sydney) < 16_200
    assert distance(berlin, berlin) == 0


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "en",
            "Belarusian and South Korean ships met the Russians.",
            [("BY", "Belarusian"), ("KR", "South Korean"), ("RU", "Russians")],
        ),
        ("en", "The polish on Western shoes.", []),
        ("de", "Die russische Armee und die Franzosen.", [("RU", "russische"), ("FR", "Franzosen")]),
        ("fr", "Les Ukrainiens et une ville polonaise.", [("UA", "Ukrainiens"), ("PL", "polonaise")]),
        ("es", "El presidente bielorruso y la empresa alemana.", [("BY", "bielorruso"), ("DE", "alemana")]),
        ("ru", "Украинские города и российский посол.", [("UA", "Украинские"), ("RU", "российский")]),
        ("it", "La città russa.", []),
        ("en", "", []),
    ],
)
def test_demonyms_tell_their_country(language: str, text: str, expected: list[tuple[str, str]]) -> None:
    found = find_demonyms(text, (), load_demonyms(language))
    assert [(code, demonym.text) for code, demonym in found] == expected
    assert all(text[demonym.start : demonym.end] == demonym.text for _, demonym in found)


def test_demonyms_count_toward_a_country_that_is_named_or_not(gazetteer: Gazetteer) -> None:
    text = "British Airways flew Belarusian guests to Minsk and Belarus."
    airline = Mention(start=0, end=15, text="British Airways", kind=Kind.ORGANIZATION, entity="a")
    belarus = gazetteer.country("BY")
    assert belarus
    known = Entity(id="b", kind=Kind.PLACE, name="Belarus", count=1, place=belarus.place)
    found = find_demonyms(text, (airline,), load_demonyms("en"))
    [entity] = attach_demonyms([known], found, gazetteer)
    assert (entity.id, [demonym.text for demonym in entity.via]) == ("b", ["Belarusian"])
    [alone] = attach_demonyms([], found, gazetteer)
    assert (alone.id, alone.name, alone.count) == (f"geonames:{belarus.place.geonames}", "Belarus", 0)


def test_the_most_prominent_stand_first() -> None:
    text = f"Brekke met Aske.\n\n{'The lamp burns. ' * 60}Brekke and Hult left. Hult slept. Hult woke."
    mentions = [
        Mention(start=start, end=start + len(name), text=name, kind=Kind.PERSON, entity=name)
        for name in ("Brekke", "Aske", "Hult")
        for start in range(len(text))
        if text.startswith(name, start)
    ]
    entities = [
        Entity(id=name, kind=Kind.PERSON, name=name, count=sum(one.text == name for one in mentions))
        for name in ("Aske", "Hult", "Brekke")
    ]
    ranked = rank_entities(entities, mentions, text, None)
    assert [entity.id for entity in ranked] == ["Brekke", "Aske", "Hult"]  # the lede outweighs a late paragraph
    headed = rank_entities(entities, mentions, text, {"Hult"})
    assert headed[0].id == "Hult"
    assert all(0 < entity.salience <= 1 for entity in (*ranked, *headed))
    assert rank_entities((), (), "", None) == ()
