"""Mentions become entities: aliases, kinds by all the evidence, ids that stay the same."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.adapters.tagger import InstalledTagger
from pipeline.enrich.annotate import Source, annotate_texts
from pipeline.enrich.places import load_gazetteer
from pipeline.model.entity import Annotation, AnnotationMethod, Entity, Kind, Mention

FILLER = " The council of the town met on Tuesday and talked about the old lighthouse for many hours in the evening."


class WordTagger:
    """Tags the words that it was given, in English."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.kinds = kinds

    def tag(self, texts: Sequence[str], language: str) -> tuple[tuple[Mention, ...], ...] | None:
        if language != "en":
            return None
        pattern = re.compile("|".join(map(re.escape, sorted(self.kinds, key=len, reverse=True))) or r"(?!)")
        return tuple(
            tuple(
                Mention(start=found.start(), end=found.end(), text=found[0], kind=self.kinds[found[0]])
                for found in pattern.finditer(text)
            )
            for text in texts
        )


def annotate(text: str, kinds: Mapping[str, Kind], title: str | None = None) -> Annotation:
    source = Source(title=title, text=text + FILLER, declared_language="en")
    return annotate_texts([source], WordTagger(kinds), load_gazetteer())[0]


def by_id(annotation: Annotation) -> dict[str, Entity]:
    return {entity.id: entity for entity in annotation.entities}


def test_surnames_before_and_after_the_full_name() -> None:
    text = "Brekke left. Ida Brekke said so. Tom Aske did not know Brekke."
    found = by_id(annotate(text, {"Ida Brekke": Kind.PERSON, "Tom Aske": Kind.PERSON, "Brekke": Kind.PLACE}))
    assert set(found) == {"person:ida-breke", "person:thomas-aske"}
    assert (found["person:ida-breke"].count, found["person:ida-breke"].aliases) == (3, ("Brekke", "Ida Brekke"))


def test_of_two_with_one_surname_nobody_is_guessed() -> None:
    text = (
        "Ida Brekke spoke. Brekke smiled. Then Ola Brekke came. Brekke frowned, and so did Mr Brekke.\n\n"
        "Ola Brekke left. Brekke was tired."
    )
    annotation = annotate(text, {"Ida Brekke": Kind.PERSON, "Ola Brekke": Kind.PERSON, "Brekke": Kind.PERSON})
    ida, ola = "person:ida-breke", "person:ola-breke"
    assert [mention.entity for mention in annotation.mentions] == [ida, ida, ola, "person:breke", ola, ola, ola]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Li Qiang met Li Keqiang. Li smiled.", ["Li Qiang", "Li Keqiang", "Li"]),
        ("Brekke wins\n\nIda Brekke won.", ["Ida Brekke", "Ida Brekke"]),
        ("Orban Viktor came. Viktor Orban left. Orban slept.", ["Orban Viktor"] * 3),
        ("Ursula von der Leyen spoke. Von der Leyen left. Leyen slept.", ["Ursula von der Leyen"] * 3),
        ("Bashar al-Assad spoke. Assad left. Al-Assad slept.", ["Bashar al-Assad"] * 3),
        ("George H. Marlow met George W. Marlow. Marlow left.", ["George H. Marlow", "George W. Marlow", "Marlow"]),
        ("Tyrone Oakes Jr. met J. Kessler Jr. Oakes left.", ["Tyrone Oakes Jr", "J. Kessler Jr", "Tyrone Oakes Jr"]),
        ("Jane Marlow met Ben Marlow.", ["Jane Marlow", "Ben Marlow"]),
        ("J. Marlow saw John Marlow and Jane Marlow.", ["J. Marlow", "John Marlow", "Jane Marlow"]),
    ],
)
def test_whose_name_it_is(text: str, expected: list[str]) -> None:
    words = (
        *("Li Qiang", "Li Keqiang", "Li", "Ida Brekke", "Brekke", "Orban Viktor", "Viktor Orban", "Orban"),
        *("Ursula von der Leyen", "Von der Leyen", "Leyen", "Bashar al-Assad", "Assad", "Al-Assad", "George H. Marlow"),
        *(
            "George W. Marlow",
            "Marlow",
            "Tyrone Oakes Jr",
            "J. Kessler Jr",
            "Oakes",
            "J. Marlow",
            "John Marlow",
            "Jane Marlow",
            "Ben Marlow",
        ),
    )
    annotation = annotate(text, dict.fromkeys(words, Kind.PERSON))
    names = {entity.id: entity.name for entity in annotation.entities}
    assert [names[mention.entity] for mention in annotation.mentions] == expected


def test_families_named_first_and_other_spellings() -> None:
    kinds = dict.fromkeys(("Wen Daolin", "Wen", "Olga Tichanowa", "Tikhanova"), Kind.PERSON)
    found = by_id(annotate("Wen Daolin met Olga Tichanowa. Wen left, Tikhanova stayed.", kinds))
    assert {key: entity.count for key, entity in found.items()} == {"person:wen-daolin": 2, "person:olga-tihanova": 2}


def test_variants_of_a_full_name_are_one() -> None:
    kinds = dict.fromkeys(("John F. Marlow Jr.", "John Marlow", "J. Marlow", "Jane Marlow"), Kind.PERSON)
    found = by_id(annotate("John F. Marlow Jr. spoke. John Marlow left. J. Marlow slept. Jane Marlow woke.", kinds))
    assert {key: entity.count for key, entity in found.items()} == {"person:john-marlov": 3, "person:jane-marlov": 1}


def test_the_title_tells_who_is_meant_but_counts_nothing() -> None:
    kinds = dict.fromkeys(("Ida Brekke", "Brekke", "Iran"), Kind.PERSON)
    annotation = annotate("Brekke left.", kinds, title="Ida Brekke and Iran")
    assert [(entity.id, entity.count) for entity in annotation.entities] == [("person:ida-breke", 1)]
    assert [(mention.start, mention.text) for mention in annotation.mentions] == [(0, "Brekke")]


def test_titles_and_the_gazetteer_outvote_the_tagger() -> None:
    kinds = {"Norway": Kind.ORGANIZATION, "Hult": Kind.PLACE, "EU": Kind.PLACE}
    found = annotate("Norway and the EU. President Hult said so.", kinds)
    assert {entity.name: entity.kind for entity in found.entities} == {
        "Norway": Kind.PLACE,
        "European Union": Kind.ORGANIZATION,
        "Hult": Kind.PERSON,
    }


def test_a_given_name_before_a_persons_surname_is_a_person() -> None:
    kinds = {"Philip Marlow": Kind.ORGANIZATION, "Marlow": Kind.PERSON, "Philip Works": Kind.ORGANIZATION}
    found = by_id(annotate("Philip Marlow left Philip Works. Marlow slept.", kinds))
    assert {key: entity.count for key, entity in found.items()} == {
        "person:philip-marlov": 2,
        "organization:philip-works": 1,
    }


def test_a_seat_stands_for_a_body_of_its_country() -> None:
    [kremlin] = annotate("The Kremlin said no.", {"Kremlin": Kind.PLACE}).entities
    assert (kremlin.kind, kremlin.name, kremlin.country, kremlin.place) == (Kind.ORGANIZATION, "Kremlin", "RU", None)


def test_initials_stand_for_the_organization() -> None:
    kinds = dict.fromkeys(("Norhaven Harbour Authority", "NHA", "Ostrel GmbH", "Ostrel"), Kind.ORGANIZATION)
    found = by_id(annotate("The Norhaven Harbour Authority (NHA) and Ostrel GmbH. NHA pays Ostrel.", kinds))
    assert {key: entity.count for key, entity in found.items()} == {
        "organization:norhaven-harbour-authority": 3,
        "organization:ostrel": 2,
    }


def test_places_have_geonames_ids_and_homonyms_their_context() -> None:
    kinds = dict.fromkeys(("Paris", "Texas", "Teheran", "Tehran", "Norhaven"), Kind.PLACE)
    found = by_id(annotate("Paris, Texas, is far from Teheran. Tehran is far from Norhaven.", kinds))
    assert found["geonames:112931"].aliases == ("Teheran", "Tehran")
    assert found["geonames:112931"].count == 2
    assert found["geonames:4717560"].name == "Paris"
    assert found["place:norhaven"].place is None


def test_in_a_language_without_a_model_known_names_are_looked_up() -> None:
    german = Source(text="Der Rat hat am Dienstag beschlossen, den alten Leuchtturm von Berlin neu zu bauen.")
    english = Source(text="Berlin." + FILLER)
    found = annotate_texts([german, english], WordTagger({"Berlin": Kind.PLACE}), load_gazetteer())
    assert (found[0].language, found[0].method) == ("de", AnnotationMethod.GAZETTEER)
    assert [entity.id for entity in found[0].entities] == ["geonames:2950159"]
    assert (found[1].language, found[1].method, len(found[1].mentions)) == ("en", AnnotationMethod.MODEL, 1)
    assert annotate_texts([], WordTagger({}), load_gazetteer()) == ()


def test_no_name_or_quotation_has_a_control_character_inside() -> None:
    text = "Ida\x00 Brekke met Tom\x1fAske in Oslo\x85. “We\x0bagree,” said Tom Aske."
    kinds = {"Ida": Kind.PERSON, "Brekke": Kind.PERSON, "Tom Aske": Kind.PERSON, "Oslo": Kind.PLACE}
    found = annotate(text, kinds)
    spans = [(each.start, each.end, each.text) for each in (*found.mentions, *found.quotes)]
    assert [name for _, _, name in spans] == ["Ida", "Brekke", "Aske", "Oslo", "Tom Aske"]
    assert all(text[start:end] == name for start, end, name in spans)


@given(
    st.lists(
        st.sampled_from(
            ["Ida Brekke", "Brekke", "(Ida) Brekke", "Paris", ", ", "Texas", "EU", '"', "said", "\n", ". "]
        ),
        max_size=25,
    ),
    st.none() | st.just("Ida Brekke in Paris"),
)
@settings(deadline=None)
def test_promises_of_every_annotation(words: list[str], title: str | None) -> None:
    text = " ".join(words)
    kinds = {
        "Ida Brekke": Kind.PERSON,
        "Brekke": Kind.PLACE,
        "Ida": Kind.PERSON,
        "Paris": Kind.PERSON,
        "Texas": Kind.PLACE,
        "EU": Kind.OTHER,
    }
    annotation = annotate(text, kinds, title)
    whole, entities = text + FILLER, by_id(annotation)
    assert all(whole[one.start : one.end] == one.text for one in annotation.mentions)
    assert all(a.end <= b.start for a, b in zip(annotation.mentions, annotation.mentions[1:], strict=False))
    assert {one.entity for one in annotation.mentions} == set(entities)
    assert sum(entity.count for entity in entities.values()) == len(annotation.mentions)
    assert all(entities[one.entity].kind == one.kind for one in annotation.mentions)
    assert all(entity.name in entity.aliases for entity in entities.values())
    assert all(quote.speaker is None or quote.speaker in entities for quote in annotation.quotes)


def test_one_article_through_the_real_model(shared: Path) -> None:
    folder = shared / "articles"
    if not folder.is_dir():
        pytest.skip("no ../shared/articles beside the repository")
    expected = json.loads((folder / "tehran.expected.json").read_text(encoding="utf-8"))
    text = (folder / "tehran.txt").read_text(encoding="utf-8")
    source = Source(title=expected["title"], text=text)
    annotation = annotate_texts([source], InstalledTagger(), load_gazetteer())[0]
    names = {entity.id: entity.name for entity in annotation.entities}
    found = {(one.start, one.end, one.kind, names[one.entity]) for one in annotation.mentions}
    wanted = {(m["start"], m["end"], e["kind"], e["name"]) for e in expected["entities"] for m in e["mentions"]}
    assert annotation.language == "en"
    assert found == wanted
    assert [(q.start, q.end, names.get(q.speaker or ""), q.cue) for q in annotation.quotes] == [
        (q["start"], q["end"], q["speaker"], q["cue"]) for q in expected["quotes"]
    ]
