"""What both search stores promise of ranking, spellings, likeness, suggestions and pages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import UsageError
from pipeline.model.document import Document
from pipeline.model.entity import Kind, Quote
from pipeline.model.query import Hit, Part, Query, Sort
from pipeline.model.reprint import Reprint
from pipeline.ports import SearchStore
from pipeline.search.request import make_query
from pipeline.urls import article_id
from tests.fixtures.documents import MINSK, NOON, document, entity

DAY = timedelta(days=1)
FILLER = "Nothing of it is about that, as everyone may see. " * 4


def naming(written: Document, key: str, *spellings: str, kind: Kind = Kind.PERSON, salience: float = 0.5) -> Document:
    """Return the document with one entity more: its id, its spellings in the text, the full name first."""
    named = replace(entity(kind, spellings[0]), id=key, aliases=spellings, salience=salience)
    return replace(written, annotation=replace(written.annotation, entities=(*written.annotation.entities, named)))


def names(hits: Sequence[Hit]) -> list[str]:
    return [hit.url.rpartition("/")[2] for hit in hits]


# Ranking and its reasons


def test_headline_over_deck_over_first_paragraph_over_the_rest(store: SearchStore) -> None:
    texts = f"{FILLER}\n\n{FILLER}"
    store.write(
        [
            document("rest", text=f"{texts}\n\nWheat. {FILLER}"),
            document("lede", text=f"Wheat. {FILLER}\n\n{texts}"),
            document("deck", deck="Wheat", text=texts),
            document("headline", headline="Wheat", text=texts),
            *(document(f"other{number}", deck="Other things", text=FILLER) for number in range(8)),
        ]
    )
    found = names(store.search(Query(text="wheat")).hits)
    assert found[0] == "headline"
    assert found[-1] == "rest"
    assert sorted(found) == ["deck", "headline", "lede", "rest"]


def test_of_two_alike_the_fresher_stands_first_and_a_better_one_above_both(store: SearchStore) -> None:
    text = f"{FILLER}\n\n{FILLER} wheat"
    store.write(
        [
            document("old", text=text, published=NOON - 30 * DAY),
            document("new", text=text, published=NOON - DAY),
            document("best", headline="Wheat, and wheat", text=text, published=NOON - 300 * DAY),
            *(document(f"other{number}", text=FILLER) for number in range(8)),
        ]
    )
    assert names(store.search(Query(text="wheat")).hits) == ["best", "new", "old"]


@pytest.mark.parametrize("text", ["person:raisi", "raisi", "entity:person:raisi"])
def test_who_is_searched_by_name_is_found_where_it_is_about_them(store: SearchStore, text: str) -> None:
    body = "Raisi spoke, as everyone may see."
    store.write(
        [
            naming(document("little", text=body), "person:raisi", "Raisi", salience=0.1),
            naming(document("much", text=body), "person:raisi", "Raisi", salience=0.9),
        ]
    )
    hits = store.search(Query(text=text)).hits
    assert names(hits) == ["much", "little"]
    assert (hits[0].score or 0) > (hits[1].score or 0)


@pytest.mark.parametrize(
    "text", ["wheat harvests", 'wheat OR "the harvest" raisi', "headline:whea* raisi", "person:raisi"]
)
def test_the_reasons_add_up_to_the_score(store: SearchStore, text: str) -> None:
    store.write(
        [
            naming(
                document("one", headline="Wheat", text="Raisi praised the harvest.", published=NOON - 3 * DAY),
                "person:raisi",
                "Raisi",
            ),
            *(document(f"other{number}", text=FILLER) for number in range(8)),
        ]
    )
    (hit,) = store.search(make_query(text, explains=True)).hits
    sums = {part: sum(reason.value for reason in hit.reasons if reason.part is part) for part in Part}
    score = (sums[Part.TEXT] + sums[Part.PROMINENCE]) * sums[Part.FRESHNESS]
    assert hit.score == pytest.approx(score, rel=1e-4)
    assert store.search(make_query(text)).hits[0].reasons == ()


def test_the_reasons_say_where_and_how_much(store: SearchStore) -> None:
    named = naming(document("one", headline="Wheat", text="Raisi praised harvests."), "person:raisi", "Raisi")
    store.write([replace(named, article=replace(named.article, deck="Wheat again"))])
    (hit,) = store.search(make_query("wheat harvest person:raisi", explains=True)).hits
    assert [(reason.part, reason.detail) for reason in hit.reasons] == [
        (Part.TEXT, "“wheat”: headline, deck"),
        (Part.TEXT, "“harvest”: another form of the word"),
        *([(Part.PROMINENCE, "“raisi”: salience 0.50")]),
        (Part.FRESHNESS, "0 hours old"),
    ]


def test_dates_alone_have_no_reasons(store: SearchStore) -> None:
    store.write([document()])
    assert store.search(make_query("text", explains=True, sort="newest")).hits[0].reasons == ()


# Spellings


@pytest.fixture
def lukashenko(store: SearchStore) -> None:
    """Three spellings of one name, each in a document of its own, and two that are not meant."""
    key = "person:aliaksandr-lukashenka"
    quote = Quote(start=0, end=4, text="Never", speaker=key, cue="сказал")
    russian = document("ru", text="Лукашенко приехал.", language="ru", quotes=[quote])
    store.write(
        [
            naming(document("en", text="Lukashenko came."), key, "Alexander Lukashenko", "Lukashenko"),
            naming(document("de", text="Lukaschenko kam.", language="de"), key, "Alexander Lukaschenko", "Lukaschenko"),
            naming(russian, key, "Александр Лукашенко", "Лукашенко"),
            naming(document("son", text="Viktor came."), "person:viktor", "Viktor Lukashenko", "Viktor"),
            document("none", text="Nobody came."),
        ]
    )


@pytest.mark.usefixtures("lukashenko")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"text": "person:lukaschenko"}, ["de", "en", "ru"]),
        ({"text": 'person:"Александр Лукашенко"'}, ["de", "en", "ru"]),
        ({"text": "lukaschenko"}, ["de", "en", "ru"]),
        ({"text": "Alexander Lukashenko"}, ["de", "en", "ru"]),
        ({"text": "alexander lukaschenko came"}, ["en"]),
        ({"text": '"lukaschenko"'}, ["de"]),
        ({"text": "came -lukaschenko"}, ["none", "son"]),
        ({"text": "person:lukashenko"}, ["de", "en", "ru", "son"]),
        ({"text": "speaker:lukaschenko"}, ["ru"]),
        ({"people": ["alexander lukaschenko"]}, ["de", "en", "ru"]),
        ({"entities": ["person:aliaksandr-lukashenka"]}, ["de", "en", "ru"]),
        ({"people": ["Alexander Lukaschenko"], "languages": ["ru"]}, ["ru"]),
        ({"text": "lukaschenko", "sort": "oldest"}, ["de", "en", "ru"]),
    ],
)
def test_spellings_of_a_name_find_one_another(store: SearchStore, options: dict[str, str], found: list[str]) -> None:
    query = make_query(**options)  # type: ignore[arg-type] - each value has its option's type
    page = store.search(query)
    assert sorted(names(page.hits)) == found
    assert page.total == len(list(store.export(query))) == len(found)


def test_a_spelling_is_known_once_it_is_written(store: SearchStore) -> None:
    """Not a minute later, though its look-up may be remembered for as long."""
    key, query = "person:aliaksandr-lukashenka", make_query(text="lukashenko")
    assert store.search(query).total == 0
    store.write([naming(document("ru", text="Лукашенко приехал."), key, "Александр Лукашенко", "Lukashenko")])
    assert names(store.search(query).hits) == ["ru"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("лукашенко", ["en", "ru"]),
        ("-лукашенко", ["lord", "none"]),
        ("ЛУКАШЕНКО came", ["en"]),
        ("александр", ["ru"]),  # a given name is shared by too many
        ('"лукашенко"', ["ru"]),
        ("минск", ["none"]),
    ],
)
def test_a_last_name_alone_is_a_name_of_whom_documents_name_in_full(
    store: SearchStore, text: str, found: list[str]
) -> None:
    key = "person:alexander-lukashenko"
    store.write(
        [
            naming(document("en", text="Lukashenko came."), key, "Alexander Lukashenko", "Lukashenko"),
            naming(document("ru", text="Александр Лукашенко приехал.", language="ru"), key, "Александр Лукашенко"),
            naming(document("lord", text="Alexander Kay."), "person:kay", "Александр Кей", "Alexander Kay"),
            naming(document("none", text="Новый Минск"), "place:minsk", "Новый Минск", kind=Kind.PLACE),
        ]
    )
    assert sorted(names(store.search(Query(text=text)).hits)) == found


def test_a_section_narrows(store: SearchStore) -> None:
    store.write([document("world", section="World"), document("sport", section="Sport"), document("none")])
    assert names(store.search(make_query(sections=["WORLD"])).hits) == ["world"]


# More like this


def test_what_says_the_like_is_found_best_first_without_itself_and_its_reprints(store: SearchStore) -> None:
    harbour = "The harbour council voted to dredge the northern channel for larger ferries before winter storms."
    first = document("first", text=harbour)
    copy = replace(document("copy", text=harbour), reprint=Reprint(reprint_of=first.id, similarity=1.0, own_share=0.0))
    store.write(
        [
            first,
            copy,
            document("near", text="For larger ferries the harbour council voted to dredge the northern channel."),
            document("less", text="The northern channel froze, said the harbour council."),
            document("far", text="A violinist played in Leipzig."),
        ]
    )
    page = store.search(make_query(like=first.id))
    assert names(page.hits) == ["near", "less"]
    assert page.total == 2
    assert names(store.search(make_query("froze", like=first.id)).hits) == ["less"]
    for hit in store.search(make_query("channel", like=first.id, explains=True)).hits:
        text, freshness = (
            sum(each.value for each in hit.reasons if each.part is part) for part in (Part.TEXT, Part.FRESHNESS)
        )
        assert hit.score == pytest.approx(text * freshness, rel=1e-4)
        assert any(each.detail.startswith("says the like") for each in hit.reasons)
    assert {form["id"] for form in store.export(make_query(like=first.id))} == {hit.id for hit in page.hits}


def test_copies_in_another_generation_make_no_word_more_frequent(store: SearchStore) -> None:
    """A word that one article alone has tells nothing of others, however many generations hold that article."""
    shared = "Dockers and their union walked out over wages, pickets and tariffs at every strait."
    own = [" ".join(f"w{number}x{each}" for each in range(40)) for number in range(12)]
    written = [document(str(number), text=f"{shared if number < 3 else ''} {own[number]}") for number in range(12)]
    store.write(written)
    like = make_query(like=written[0].id)
    assert sorted(names(store.search(like).hits)) == ["1", "2"]
    first = store.status()[0].generation
    rebuilt = store.begin_generation()
    store.copy(list(store.documents(first)), generation=rebuilt)
    assert sorted(names(store.search(like).hits)) == ["1", "2"]
    store.promote(rebuilt)
    assert sorted(names(store.search(like).hits)) == ["1", "2"]
    store.drop(first)
    assert sorted(names(store.search(like).hits)) == ["1", "2"]


def test_the_like_of_nothing_is_a_usage_error(store: SearchStore) -> None:
    with pytest.raises(UsageError, match="--like: no article in the index has the id 'nothing'"):
        store.search(make_query(like="nothing"))


# Did you mean


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("harvst", "harvest"),
        ("the harvset -storm", "the harvest -storm"),
        ("headline:whaet harvest", "headline:wheat harvest"),
        ("Person:lukashenka", "Person:lukashenko"),
        ("xylophone", None),
        ("barvest", None),  # the first letter is taken as it is
        ("harvset xylophone", None),
        ("harvest -wheat", None),
        ("12345", None),
    ],
)
def test_where_nothing_is_found_a_close_word_is_suggested(
    store: SearchStore, text: str, suggestion: str | None
) -> None:
    written = document(headline="Wheat", text="The harvest of wheat, said Lukashenko.")
    store.write([naming(written, "person:lukashenko", "Lukashenko")])
    page = store.search(Query(text=text))
    assert (page.total, page.suggestion) == (0, suggestion)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("strkie", "strike"),  # a swap of neighbours is one edit, stroke is two away
        ("headline:strkie", "headline:strike"),
        ("strkie harvst", "strike harvest"),
        ("strile", "strike"),  # as close as stride, which is in fewer documents
    ],
)
def test_the_closest_word_is_suggested_and_of_two_as_close_the_more_frequent(
    store: SearchStore, text: str, suggestion: str
) -> None:
    store.write(
        [
            *(document(f"{number}", headline="Strike", text="A strike. The harvest.") for number in range(3)),
            document("other", text="A stroke in one stride."),
        ]
    )
    assert store.search(Query(text=text)).suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "suggestion"), [("topic topic:foo", None), ("place place:minsk", "palace place:minsk")]
)
def test_a_field_named_as_a_word_that_is_corrected_stays(store: SearchStore, text: str, suggestion: str | None) -> None:
    store.write([document(text="The topics were named in the palace.", places=[("Minsk", MINSK)])])
    page = store.search(Query(text=text))
    assert (page.total, page.suggestion) == (0, suggestion)


def test_where_something_is_found_nothing_is_suggested(store: SearchStore) -> None:
    store.write([document(text="harvst"), document("two", text="harvest"), document("three", text="harvest")])
    assert store.search(Query(text="harvst")).suggestion is None


# Order and pages


def test_oldest_first(store: SearchStore) -> None:
    store.write([document(f"{number}", published=NOON - number * DAY) for number in range(3)])
    assert names(store.search(Query(sort=Sort.OLDEST)).hits) == ["2", "1", "0"]
    assert names(store.search(Query(text="text", sort=Sort.OLDEST)).hits) == ["2", "1", "0"]


@pytest.mark.parametrize("text", ["", "text"])
def test_pages_follow_each_other_without_a_gap(store: SearchStore, text: str) -> None:
    store.write([document(f"{number}", published=NOON - number * DAY) for number in range(7)])
    pages = [store.search(Query(text=text, limit=3, page=page)) for page in (1, 2, 3, 4)]
    assert [len(page.hits) for page in pages] == [3, 3, 1, 0]
    assert [page.total for page in pages] == [7] * 4
    assert [hit.id for page in pages for hit in page.hits] == [
        hit.id for hit in store.search(Query(text=text, limit=7)).hits
    ]


@pytest.mark.parametrize("text", ["", "storm"])
def test_folded_hits_are_counted_and_paged(store: SearchStore, text: str) -> None:
    copies = [
        replace(
            document(f"{family}{number}", text="storm", published=NOON - (number * 10 + ord(family)) * DAY),
            reprint=Reprint(reprint_of=article_id(f"https://news.example/{family}0"), similarity=1.0, own_share=0.0)
            if number
            else None,
        )
        for family in "abcde"
        for number in range(3)
    ]
    store.write(copies)
    pages = [store.search(Query(text=text, limit=2, page=page, folds_reprints=True)) for page in (1, 2, 3, 4)]
    assert [(page.total, page.folded_total) for page in pages] == [(15, 5)] * 4
    assert [[hit.folded for hit in page.hits] for page in pages] == [[2, 2], [2, 2], [2], []]
    assert len({hit.id for page in pages for hit in page.hits}) == 5
