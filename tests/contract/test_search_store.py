"""What both search stores promise: the same ids, counts, facets and order by date for the same documents and queries."""

import html
import re
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.errors import UsageError
from pipeline.index.document import document_json
from pipeline.model.article import Byline
from pipeline.model.entity import Kind, Place, Quote
from pipeline.model.query import Circle, Facet, Query, Sort
from pipeline.ports import SearchStore, StoredMonth
from pipeline.search.request import make_query
from pipeline.search.tiles import CLOSEST_ZOOM, find_tile
from tests.fixtures.documents import MINSK, NOON, TEHRAN, FixedClock, document, entity

HOUR = timedelta(hours=1)


def found(store: SearchStore, text: str = "", **options: Any) -> list[str]:  # noqa: ANN401 - what make_query takes
    """Return the ends of the URLs found, sorted; the total must say the same."""
    page = store.search(make_query(text, **options))
    assert page.total == len(page.hits)
    return sorted(hit.url.rpartition("/")[2] for hit in page.hits)


def in_order(store: SearchStore, query: Query) -> list[str]:
    return [hit.url.rpartition("/")[2] for hit in store.search(query).hits]


# Writing


def test_a_written_document_is_found_at_once_and_returned_whole(store: SearchStore) -> None:
    written = document(
        headline="A visit to Tehran",
        deck="Two presidents meet",
        section="World",
        people=["Ebrahim Raisi"],
        places=[("Tehran", TEHRAN)],
        quotes=[Quote(start=0, end=5, text="Peace", speaker="person:Ebrahim Raisi", cue="said")],
    )
    assert store.write([written]) == ()
    assert found(store, "tehran") == ["one"]
    assert store.document(written.id) == document_json(written)


def test_an_unknown_id_is_none(store: SearchStore) -> None:
    assert store.document("0" * 32) is None


def test_writing_nothing_is_fine(store: SearchStore) -> None:
    assert store.write([]) == ()


def test_writing_twice_leaves_one(store: SearchStore) -> None:
    for _ in range(2):
        store.write([document()])
    assert store.search(Query()).total == 1


def test_a_newer_capture_replaces_an_older_one(store: SearchStore) -> None:
    store.write([document(text="before", people=["Ann"])])
    store.write([document(text="after", people=["Ben"], captured_at=NOON + HOUR)])
    assert found(store, "before") == []
    assert found(store, "after") == ["one"]
    assert found(store, people=["Ann"]) == []


def test_an_older_capture_never_replaces_a_newer_one(store: SearchStore) -> None:
    store.write([document(text="after", captured_at=NOON + HOUR)])
    assert store.write([document(text="before")]) == ()
    assert found(store, "after") == ["one"]


def test_the_same_capture_read_anew_replaces_the_document(store: SearchStore) -> None:
    store.write([document(text="read badly")])
    store.write([document(text="read well")])
    assert found(store, "well") == ["one"]


def test_two_captures_in_one_write_leave_the_newer(store: SearchStore) -> None:
    store.write([document(text="after", captured_at=NOON + HOUR), document(text="before")])
    assert found(store, "after") == ["one"]


def test_a_bad_document_is_refused_and_the_others_are_written(store: SearchStore) -> None:
    nowhere = Place(latitude=400, longitude=0)
    bad = document("bad", places=[("Nowhere", nowhere)])
    refused = store.write([document("before"), bad, document("after")])
    assert [each.document for each in refused] == [bad]
    assert "latitude" in refused[0].detail
    assert found(store) == ["after", "before"]


def test_a_refused_new_version_leaves_the_old_one(store: SearchStore) -> None:
    store.write([document(text="good")])
    nowhere = Place(latitude=0, longitude=-400)
    assert store.write([document(places=[("Nowhere", nowhere)], captured_at=NOON + HOUR)])
    assert found(store, "good") == ["one"]


def test_text_that_is_no_unicode_is_refused_alone(store: SearchStore) -> None:
    refused = store.write([document("bad", text="half a pair: \ud83d"), document("good")])
    assert [each.document.article.url for each in refused] == ["https://news.example/bad"]
    assert found(store) == ["good"]


def test_many_documents_are_written_at_once(store: SearchStore) -> None:
    store.write([document(f"{number:04}", first_seen_at=NOON - 31 * HOUR * number) for number in range(700)])
    assert store.search(Query(limit=0)).total == 700


def test_a_huge_word_and_a_huge_text_are_no_trouble(store: SearchStore) -> None:
    store.write([document(text="A picture's code: " + "x" * 40_000 + " and words" * 200_000 + " until the end")])
    assert found(store, "x" * 300) == found(store, "xxx*") == found(store, '"until the end"') == ["one"]


# Words


def test_all_words_are_required_wherever_they_stand(store: SearchStore) -> None:
    store.write(
        [
            document("both", headline="Iran", deck="and Belarus", text="sign a treaty"),
            document("first", headline="Iran alone"),
        ]
    )
    assert found(store, "belarus treaty iran") == ["both"]


def test_no_text_finds_everything(store: SearchStore) -> None:
    store.write([document("a"), document("b")])
    assert found(store) == found(store, "  ") == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("A visit to TEHRAN", "tehran"),
        ("Une visite à Téhéran", "teheran"),
        ("A visit to Teheran", "Téhéran"),
        ("Łódź und die Straße", "lodz strasse"),
        ("Recep Tayyip Erdoğan in Kırıkkale", "erdogan kirikkale"),
        ("İSTANBUL", "istanbul"),
        ("Ο Μητσοτάκης στην ΑΘΉΝΑ", "μητσοτακης αθήνα"),
        ("Президент Путин посетил Тегеран", "ПУТИН тегеран"),
        ("Королёв", "королев"),
        ("за́мок", "замок"),
        ("الرئيس الإيراني في طهران", "الايراني"),
        ("كِتَابٌ", "كتاب"),
        ("رئیس جمهوری ایران", "رئيس"),  # Persian yeh in the text, Arabic yeh in the query
        ("می\u200cخواهد", "می خواهد"),
        ("סבתא בירושלים", "בירושלים"),
        ("伊朗总统访问德黑兰", "总统"),
        ("伊朗总统访问德黑兰", "访问德黑兰"),
        ("東京タワーへようこそ", "タワー"),
        ("東京tower", "tower"),
        ("서울에서 회담", "서울"),
        ("นายกรัฐมนตรีไทย", "รัฐมนตรี"),
        ("हिन्दी समाचार", "हिन्दी"),
        ("The U.S. dollar", "u.s."),
        ("Iran’s president", "iran"),
        ("l’état-major", "etat-major"),
        ("Bundes\u00adtag", "bundestag"),
        ("non\u00a0breaking", "breaking"),
        ("an e-mail to a_b@example.com", "example"),
        ("Ｆｕｌｌ width", "full"),
        ("in ۱۴۰۲", "1402"),
        ("2,5 percent", "2,5"),
    ],
)
def test_a_word_is_found_across_case_accents_and_scripts(store: SearchStore, text: str, query: str) -> None:
    store.write([document(text=text, language="und"), document("other", text="Something else", language="und")])
    assert found(store, query) == ["one"]


def test_characters_of_unspaced_scripts_must_stand_together(store: SearchStore) -> None:
    store.write([document(text="北京大学", language="zh"), document("apart", text="北方的京城大学", language="zh")])
    assert found(store, "北京") == ["one"]
    assert found(store, "京") == ["apart", "one"]


def test_a_word_is_not_found_inside_another(store: SearchStore) -> None:
    store.write([document(text="Tehran")])
    assert found(store, "ran") == []


def test_english_words_are_found_by_their_stem(store: SearchStore) -> None:
    store.write([document(text="The elections were postponed"), document("de", text="elections", language="de")])
    assert found(store, "election postponing") == ["one"]
    assert found(store, "elections") == ["de", "one"]


def test_a_phrase_is_matched_as_written(store: SearchStore) -> None:
    store.write([document(text="A state visit to Iran"), document("apart", text="A visit of a state, state visits")])
    assert found(store, '"state visit"') == ["one"]
    assert found(store, '"STATE VISIT to"') == ["one"]
    assert found(store, '"visit state"') == []
    assert found(store, '"visits"') == ["apart"]


def test_a_phrase_does_not_run_from_one_field_into_another(store: SearchStore) -> None:
    store.write([document(headline="Iran", deck="Belarus", text="Russia")])
    assert found(store, '"iran belarus"') == found(store, '"belarus russia"') == []


def test_a_hyphenated_word_is_a_phrase(store: SearchStore) -> None:
    store.write([document(text="a state-run agency"), document("apart", text="run by the state")])
    assert found(store, "state-run") == ["one"]


def test_an_excluded_word_phrase_or_prefix_leaves_documents_out(store: SearchStore) -> None:
    store.write(
        [document("a", text="Iran and Belarus"), document("b", text="Iran and China"), document("c", text="Cuba")]
    )
    assert found(store, "iran -belarus") == ["b"]
    assert found(store, '-"iran and china"') == ["a", "c"]
    assert found(store, "-bela*") == ["b", "c"]


def test_an_excluded_word_is_excluded_by_its_stem(store: SearchStore) -> None:
    store.write([document("a", text="elections in Iran"), document("b", text="Iran")])
    assert found(store, "iran -election") == ["b"]


def test_a_prefix_finds_all_words_that_begin_so(store: SearchStore) -> None:
    store.write([document("a", text="Lukaschenko"), document("b", text="Lukašenka"), document("c", text="Luke")])
    assert found(store, "lukas*") == ["a", "b"]
    assert found(store, "LUKÁ*") == ["a", "b"]


def test_a_prefix_can_end_a_hyphenated_word(store: SearchStore) -> None:
    store.write([document("a", text="Jean-Claude"), document("b", text="Jean and Claude")])
    assert found(store, "jean-cl*") == ["a"]


def test_a_prefix_finds_more_words_than_fit_in_one_expansion(store: SearchStore) -> None:
    store.write([document(f"{number:03}", text=f"prefix{number:03}") for number in range(300)])
    assert store.search(Query(text="prefix*")).total == 300


@pytest.mark.parametrize(
    "text",
    [
        *(
            '"',
            '""',
            "-",
            "--",
            "(",
            "a AND (b OR",
            "NEAR(a b)",
            "a^2",
            "'; DROP TABLE documents; --",
        ),
        *(
            "\\",
            "{}",
            "a\x00b",
            "a\ud800",
            "🙂",
            "+a",
            "~",
            "[1 TO 2]",
            '"a',
            "a" * 4000,
            "<script>",
            "%",
            "?",
        ),
    ],
)
def test_odd_text_never_fails(store: SearchStore, text: str) -> None:
    store.write([document()])
    assert store.search(Query(text=text)).total in {0, 1}


def test_signs_alone_mean_nothing(store: SearchStore) -> None:
    store.write([document(text="word")])
    assert found(store, "… word — 🙂 !") == ["one"]


# Export


@pytest.mark.parametrize("text", ["ـ", "ـ OR budget", "\u0345", "ـ*", '"ـ"', "headline:ـ", "place:ـ", "ـ ـ"])
def test_what_folds_to_no_word_finds_everything_and_shows_it(store: SearchStore, text: str) -> None:
    store.write([document("one", text="The budget."), document("two", text="Nothing.")])
    page = store.search(Query(text=text))
    assert (page.total, len(page.hits)) == (2, 2)


def test_an_export_streams_all_that_is_found_newest_first(store: SearchStore) -> None:
    times = [NOON - timedelta(minutes=number // 3) for number in range(450)]  # several of one time, over several pages
    store.write([document(f"{number:03}", text="wheat", published=time) for number, time in enumerate(times)])
    store.write([document("other", text="rice")])
    exported = list(store.export(Query(text="wheat", limit=1)))
    assert [form["date"] for form in exported] == [time.isoformat() for time in times]
    assert len({form["id"] for form in exported}) == len(times)
    whole = store.document(exported[0]["id"])
    assert exported[0] == whole


def test_an_export_has_each_document_once_whatever_is_written_meanwhile(store: SearchStore) -> None:
    names = [f"{number:03}" for number in range(450)]
    store.write([document(name, text="wheat", published=NOON) for name in names])
    exported = store.export(Query(text="wheat"))
    first = next(exported)
    name = next(name for name in names if document(name).id == first["id"])
    store.write(
        [document(name, text="wheat again", published=NOON - timedelta(days=1), captured_at=NOON + timedelta(hours=1))]
    )
    assert sorted([first["id"], *(form["id"] for form in exported)]) == sorted(document(name).id for name in names)
    assert store.search(Query(text="again")).total == 1


def test_an_export_of_nothing_is_empty_and_a_bad_query_refused(store: SearchStore) -> None:
    assert list(store.export(Query(text="wheat"))) == []
    with pytest.raises(UsageError):
        list(store.export(Query(text="persn:a")))


# Grammar


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cats OR dogs", ["both", "cats", "dogs"]),
        ("cats AND dogs", ["both"]),
        ("cats NOT dogs", ["cats"]),
        ("-cats", ["dogs", "none"]),
        ("NOT (cats OR dogs)", ["none"]),
        ("(cats OR birds) -dogs", ["cats", "none"]),
        ("birds OR cats dogs", ["both", "none"]),
        ("cats or dogs", []),
        ("headline:cats", ["both"]),
        ("text:(cats OR birds)", ["cats", "none"]),
        ("headline:cat*", ["both"]),
        ('headline:"cats dogs"', []),
        ("birds OR -cats", ["dogs", "none"]),
        ("headline: cats", ["both"]),
        ("date:2026-11-21T12:00", ["cats"]),
        ("date:2026-11-21T12:01", []),
        ("since:2026-11-22 until:2026-11-22", ["dogs"]),
        ("date:2026-11-22 OR date:2026-11-21", ["cats", "dogs"]),
        ("NOT since:2026-11-23", ["cats", "dogs"]),
        ("cats OR since:2026-11-23T00:00Z", ["both", "cats", "none"]),
    ],
)
def test_the_grammar(store: SearchStore, text: str, names: list[str]) -> None:
    store.write(
        [
            document("both", headline="Cats and dogs", text="They met."),
            document("cats", text="Cats alone.", published=NOON - timedelta(days=2)),
            document("dogs", text="Dogs alone.", published=NOON - timedelta(days=1)),
            document("none", text="Birds."),
        ]
    )
    assert found(store, text) == names
    assert found(store, text, sort="newest") == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("person:tikhanovskaya", ["a"]),
        ('person:"svetlana TIKHANOVSKAYA"', ["a"]),
        ("person:tikhan*", ["a"]),
        ("person:tichanowskaja", ["a"]),
        ("person:(tikhanovskaya OR raisi)", ["a", "b"]),
        ("person:iran", []),
        ("place:iran", ["b"]),
        ("organization:eu", ["a"]),
        ("-person:raisi", ["a", "c"]),
        ("speaker:raisi", ["b"]),
        ('publisher:"the other"', ["c"]),
        ("publisher:other OR person:raisi", ["b", "c"]),
        ("section:world", ["c"]),
        ("language:de", ["c"]),
        ("author:weber", ["c"]),
        ("agency:agentur", ["c"]),
        ("topic:ernte", ["c"]),
        ("entity:person:raisi", ["b"]),
        ("entity:(geonames:1 OR person:raisi)", ["b"]),
        ("headline OR person:raisi", ["a", "b", "c"]),
    ],
)
def test_fields_find_names_by_their_words(store: SearchStore, text: str, names: list[str]) -> None:
    tikhanovskaya = replace(
        entity(Kind.PERSON, "Svetlana Tikhanovskaya"), aliases=("Svetlana Tikhanovskaya", "Tichanowskaja")
    )
    raisi = replace(entity(Kind.PERSON, "Ebrahim Raisi"), id="person:raisi")
    first, second, third = document("a", organizations=["EU"]), document("b", places=[("Iran", None)]), document("c")
    byline = Byline(authors=("Anna Weber",), agency="Die Agentur")
    store.write(
        [
            replace(first, annotation=replace(first.annotation, entities=(*first.annotation.entities, tikhanovskaya))),
            replace(
                second,
                annotation=replace(
                    second.annotation,
                    entities=(*second.annotation.entities, raisi),
                    quotes=(Quote(start=0, end=4, text="Some", speaker="person:raisi", cue="said"),),
                ),
            ),
            replace(
                third,
                publisher="The Other",
                annotation=replace(third.annotation, language="de"),
                article=replace(third.article, byline=byline, section="World", topics=("Ernte",)),
            ),
        ]
    )
    assert found(store, text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("persn:raisi", "there is no field 'persn'; there are: agency"),
        ("*", "has no letters before the"),
        ("-*", "has no letters before the"),
        ("a*", "at least 2 letters before the"),
        ("*strike", "'*strike': a * can end a word, as in harv*, and stand nowhere else"),
        ("*ab*", "'*ab*': a * can end a word"),
        ("wheat har*est", "'har*est': a * can end a word"),
        ("harv*.", "'harv*.': a * can end a word"),
        ("place:h?rvest", "'h?rvest': a ? stands for no letter"),
        ("\x00", "holds characters that are no text"),
        ("- \ud800", "holds characters that are no text"),
        ("since:()", "since: needs a day or a time behind it, such as since:2026-11-23"),
        ("harvest Date:", "date: needs a day or a time behind it"),
        ("date:-2026-11-01", "date: needs a day or a time behind it"),
        ("headline:", "headline: has nothing behind it"),
        ("since: yesterday", "since: is 'yesterday'; write a day such as"),
        ("date:noon", "date: is 'noon'; write a day such as"),
        ("a" * 4001, "4001 characters; at most 4000"),
        ("since:yesterday", "since: is 'yesterday'; write a day such as"),
        ("(" * 40 + "a", "nested more than 8 deep"),
    ],
)
def test_what_misleads_or_costs_too_much_is_refused(store: SearchStore, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        store.search(Query(text=text))


# Filters


def test_each_filter_narrows_whatever_case_and_accents(store: SearchStore) -> None:
    store.write(
        [
            document(
                people=["Svetlana Tikhanovskaya"],
                organizations=["Société Générale"],
                places=[("Tehran", TEHRAN)],
                publisher="Le Monde Démo",
                language="fr",
            ),
            document("other", people=["Svetlana"], organizations=["Société"], places=[("Teheran", None)]),
        ]
    )
    assert found(store, people=["svetlana TIKHANOVSKAYA"]) == ["one"]
    assert found(store, organizations=["societe generale"]) == ["one"]
    assert found(store, places=["TEHRAN"]) == ["one"]
    assert found(store, publishers=["le monde demo"]) == ["one"]
    assert found(store, languages=["FR"]) == ["one"]


def test_punctuation_does_not_part_names(store: SearchStore) -> None:
    store.write([document(people=["Jean-Claude O’Neill"])])
    assert found(store, people=["jean claude o'neill"]) == ["one"]


def test_filters_find_names_in_scripts_without_spaces(store: SearchStore) -> None:
    store.write([document(people=["习近平"]), document("other", people=["习近"])])
    assert found(store, people=["习近平"]) == ["one"]


def test_values_of_one_filter_are_alternatives_and_filters_add_up(store: SearchStore) -> None:
    store.write(
        [
            document("a", people=["Ann"], places=[("Minsk", MINSK)]),
            document("b", people=["Ben"], places=[("Minsk", MINSK)]),
            document("c", people=["Ann"], places=[("Tehran", TEHRAN)]),
        ]
    )
    assert found(store, people=["ann", "ben"]) == ["a", "b", "c"]
    assert found(store, people=["ann", "ben"], places=["minsk"]) == ["a", "b"]
    assert found(store, "headline", people=["ann"], places=["minsk"]) == ["a"]


def test_since_is_inclusive_and_until_exclusive(store: SearchStore) -> None:
    store.write([document("early", published=NOON), document("late", published=NOON + HOUR)])
    assert in_order(store, Query(since=NOON, until=NOON + HOUR)) == ["early"]
    assert in_order(store, Query(since=NOON + HOUR)) == ["late"]


def test_a_day_ends_with_its_last_moment(store: SearchStore) -> None:
    store.write(
        [
            document("last", published=datetime(2026, 11, 23, 23, 59, 59, 999_000, tzinfo=UTC)),
            document("next", published=datetime(2026, 11, 24, tzinfo=UTC)),
        ]
    )
    assert found(store, since="2026-11-23", until="2026-11-23") == ["last"]
    assert found(store, since="2026-11-24") == ["next"]


def test_times_compare_across_offsets(store: SearchStore) -> None:
    tehran, newfoundland = timezone(timedelta(hours=3, minutes=30)), timezone(timedelta(hours=-3, minutes=-30))
    store.write(
        [
            document("tehran", published=datetime(2026, 11, 24, 2, 0, tzinfo=tehran)),  # 22:30 UTC the day before
            document(
                "st-johns", published=datetime(2026, 11, 23, 23, 0, tzinfo=newfoundland)
            ),  # 02:30 UTC the day after
        ]
    )
    assert found(store, until="2026-11-23") == ["tehran"]
    assert found(store, since="2026-11-24T06:00+03:30") == ["st-johns"]
    assert in_order(store, Query(sort=Sort.NEWEST)) == ["st-johns", "tehran"]


def test_without_a_publication_time_the_capture_counts(store: SearchStore) -> None:
    store.write([document(published=None, captured_at=NOON)])
    assert found(store, since="2026-11-23", until="2026-11-23") == ["one"]
    assert store.search(Query()).hits[0].published is None


def test_times_before_1970_are_times(store: SearchStore) -> None:
    store.write([document(published=datetime(1953, 8, 19, tzinfo=UTC))])
    assert found(store, until="1953-08-19") == ["one"]
    assert found(store, since="1953-08-20") == []


def test_near_finds_places_within_the_circle(store: SearchStore) -> None:
    store.write(
        [
            document("tehran", places=[("Tehran", TEHRAN)]),
            document("both", places=[("Minsk", MINSK), ("Tehran", TEHRAN)]),
            document("nowhere", places=[("Atlantis", None)]),
        ]
    )
    assert found(store, near="35.7,51.4,50") == ["both", "tehran"]
    assert found(store, near="53.9,27.5,50") == ["both"]
    # Minsk to Vilnius are some 170 km.
    assert found(store, near="54.687,25.28,150") == []
    assert found(store, near="54.687,25.28,190") == ["both"]


def test_near_reaches_across_the_antimeridian_and_the_pole(store: SearchStore) -> None:
    suva, base = Place(latitude=-18.1, longitude=179.9), Place(latitude=89.5, longitude=0)
    store.write([document("suva", places=[("Suva", suva)]), document("base", places=[("Base", base)])])
    assert found(store, near="-18.1,-179.9,50") == ["suva"]
    assert found(store, near="89.5,180,150") == ["base"]


@pytest.mark.parametrize("zoom", [0, 5, 9, 14])
def test_an_area_finds_what_its_cell_of_the_map_counts(store: SearchStore, zoom: int) -> None:
    """Points on the edges of tiles and of the world as well: each is of one tile alone."""
    points = [
        (53.55, 9.99),
        (51.48, 0),
        (0, 11.25),
        (0, -180),
        (-18.1, 180),
        (40.97989806962013, 11.25),
        (89.5, 0),
        (-89, 0),
    ]
    places = [Place(latitude=latitude, longitude=longitude) for latitude, longitude in points]
    documents = [document(f"d{number}", places=[(f"P{number}", place)]) for number, place in enumerate(places)]
    store.write([*documents, document("nowhere", places=[("Atlantis", None)])])
    counted = dict.fromkeys((f"{zoom}/{x}/{y}" for x, y in {tile_at(place, zoom) for place in places}), 0)
    for place in places:
        x, y = tile_at(place, zoom)
        counted[f"{zoom}/{x}/{y}"] += 1
    assert {area: store.search(make_query(area=area)).total for area in counted} == counted
    cells = store.search(make_query(with_facets=True)).summary
    assert cells
    assert all(store.search(make_query(area=cell.tile)).total == cell.count for cell in cells.cells)


def tile_at(place: Place, zoom: int) -> tuple[int, int]:
    x, y = find_tile(place.latitude, place.longitude)
    return x >> (CLOSEST_ZOOM - zoom), y >> (CLOSEST_ZOOM - zoom)


# Order, limits, hits


def test_newest_first_and_ties_by_id(store: SearchStore) -> None:
    same = [document(f"tie{number}", published=NOON) for number in range(4)]
    store.write([document("old", published=NOON - HOUR), *same, document("new", published=NOON + HOUR)])
    ties = [each.article.url.rpartition("/")[2] for each in sorted(same, key=lambda each: each.id)]
    assert in_order(store, Query(sort=Sort.NEWEST)) == ["new", *ties, "old"]
    assert in_order(store, Query()) == ["new", *ties, "old"]


def test_newest_orders_what_words_find_and_gives_no_score(store: SearchStore) -> None:
    store.write(
        [
            document("old", headline="Iran Iran Iran", published=NOON - HOUR),
            document("new", text="on Iran", published=NOON),
        ]
    )
    page = store.search(Query(text="iran", sort=Sort.NEWEST))
    assert [hit.url.rpartition("/")[2] for hit in page.hits] == ["new", "old"]
    assert {hit.score for hit in page.hits} == {None}


def test_relevance_prefers_the_headline_and_falls_with_the_rank(store: SearchStore) -> None:
    filler = "Nothing of it is about that country, as everyone may see. " * 5
    store.write([document("text", text=filler + "Iran."), document("headline", headline="Iran votes", text=filler)])
    page = store.search(Query(text="iran"))
    assert [hit.url.rpartition("/")[2] for hit in page.hits] == ["headline", "text"]
    scores = [hit.score or 0 for hit in page.hits]
    assert scores[0] > scores[1] > 0


def test_limit_cuts_the_hits_and_not_the_total(store: SearchStore) -> None:
    store.write([document(str(number)) for number in range(5)])
    page = store.search(Query(limit=2))
    assert (page.total, len(page.hits)) == (5, 2)


def test_limit_zero_counts_alone(store: SearchStore) -> None:
    store.write([document(people=["Ann"])])
    page = store.search(Query(limit=0, with_facets=True))
    assert (page.total, page.hits) == (1, ())
    assert page.facets["people"] == (Facet(value="Ann", count=1),)


def test_a_hit_says_what_a_list_of_results_shows(store: SearchStore) -> None:
    published = datetime(2026, 11, 23, 15, 30, tzinfo=timezone(timedelta(hours=3, minutes=30)))
    written = document(headline="A headline", publisher="The Example", language="fa", published=published)
    store.write([written])
    hit = store.search(Query()).hits[0]
    assert (hit.id, hit.url, hit.headline) == (written.id, "https://news.example/one", "A headline")
    assert (hit.publisher, hit.language, hit.score) == ("The Example", "fa", None)
    assert hit.published == published
    assert hit.published.utcoffset() == published.utcoffset()


# Snippets


def test_a_snippet_marks_what_was_found(store: SearchStore) -> None:
    store.write([document(text="Before. " * 100 + "The President of Iran arrived. " + "After. " * 100)])
    (snippet,) = store.search(Query(text="president iran")).hits[0].snippets
    assert "<mark>President</mark> of <mark>Iran</mark>" in snippet
    assert len(snippet) < 300


def test_a_snippet_marks_stems_phrases_and_prefixes(store: SearchStore) -> None:
    store.write([document(text="Elections in Téhéran were a state visit")])
    snippet = " ".join(store.search(Query(text='election teh* "state visit"')).hits[0].snippets)
    assert "<mark>Elections</mark> in <mark>Téhéran</mark>" in snippet
    assert re.search("<mark>state( |</mark> <mark>)visit</mark>", snippet)


def test_a_snippet_is_safe_to_put_into_a_page(store: SearchStore) -> None:
    text = "<script>alert('Iran')</script> & \"<mark>no</mark>\" \ufdd0odd sign"
    store.write([document(text=text, deck="<b>Iran</b>")])
    snippets = store.search(Query(text="iran")).hits[0].snippets
    assert snippets
    for snippet in snippets:
        unmarked = snippet.replace("<mark>", "").replace("</mark>", "")
        assert "<" not in unmarked
        assert html.unescape(unmarked).replace("\ufdd0", "") in (text.replace("\ufdd0", ""), "<b>Iran</b>")


def test_a_snippet_shows_a_match_in_the_deck(store: SearchStore) -> None:
    store.write([document(deck="Iran votes", text="The beginning of the text.")])
    assert store.search(Query(text="iran")).hits[0].snippets == (
        "<mark>Iran</mark> votes",
        "The beginning of the text.",
    )


def test_without_a_match_in_the_text_its_beginning_is_shown(store: SearchStore) -> None:
    store.write([document(headline="Iran votes", text="The beginning of the text. " * 40)])
    for text in ("iran", ""):
        (snippet,) = store.search(Query(text=text)).hits[0].snippets
        assert snippet.startswith("The beginning of the text.")
        assert len(snippet) < 300


def test_a_snippet_in_a_script_without_spaces(store: SearchStore) -> None:
    store.write([document(text="伊朗总统访问德黑兰。" * 60, language="zh")])
    snippets = store.search(Query(text="总统")).hits[0].snippets
    assert all("<mark>总统</mark>" in snippet and len(html.unescape(snippet)) < 700 for snippet in snippets)


def test_no_text_gives_no_snippet(store: SearchStore) -> None:
    store.write([document(headline="Iran", text="")])
    assert store.search(Query(text="iran")).hits[0].snippets == ()


# Facets


def test_facets_count_documents_over_all_hits(store: SearchStore) -> None:
    store.write(
        [
            document(
                "a",
                people=["Ann", "Ben"],
                organizations=["UN"],
                section="World",
                publisher="P",
                places=[("Minsk", MINSK)],
            ),
            document("b", people=["Ben"], section="World", publisher="P", language="de"),
            document("c", people=["Cem", "Ben", "Ann"], publisher="Q", text="left out"),
        ]
    )
    facets = store.search(Query(text="-left", limit=1, with_facets=True)).facets
    assert facets == {
        "people": (Facet(value="Ben", count=2), Facet(value="Ann", count=1)),
        "organizations": (Facet(value="UN", count=1),),
        "places": (Facet(value="Minsk", count=1),),
        "publishers": (Facet(value="P", count=2),),
        "languages": (Facet(value="de", count=1), Facet(value="en", count=1)),
        "sections": (Facet(value="World", count=2),),
    }


def test_facets_show_ten_values_ties_in_order_of_the_value(store: SearchStore) -> None:
    store.write(
        [document(people=[f"Person {letter}" for letter in "LKJIHGFEDCBAÄß"]), document("two", people=["Person L"])]
    )
    facet = store.search(Query(with_facets=True)).facets["people"]
    assert [each.value[-1] for each in facet] == list("LABCDEFGHI")


def test_facets_of_nothing_are_empty_and_unasked_ones_absent(store: SearchStore) -> None:
    names = {"people", "organizations", "places", "publishers", "languages", "sections"}
    assert store.search(Query(with_facets=True)).facets == dict.fromkeys(names, ())
    assert store.search(Query()).facets == {}


# Generations


def test_a_new_store_has_one_live_generation(store: SearchStore) -> None:
    (status,) = store.status()
    assert (status.is_live, status.documents) == (True, 0)


def test_preparing_again_changes_nothing(store: SearchStore) -> None:
    store.write([document()])
    before = store.status()
    store.prepare()
    assert store.status() == before


def test_a_generation_is_unseen_until_promoted(store: SearchStore) -> None:
    store.write([document("old")])
    rebuilt = store.begin_generation()
    assert store.write([document("a"), document("b", first_seen_at=NOON - 99 * 24 * HOUR)], generation=rebuilt) == ()
    assert found(store) == ["old"]
    assert [(each.is_live, each.documents) for each in store.status()] == [(True, 1), (False, 2)]
    store.promote(rebuilt)
    assert found(store) == ["a", "b"]
    assert [(each.generation == rebuilt, each.is_live) for each in store.status()] == [(True, True), (False, False)]


def test_writes_go_to_the_promoted_generation(store: SearchStore) -> None:
    rebuilt = store.begin_generation()
    store.promote(rebuilt)
    store.write([document(first_seen_at=NOON - 99 * 24 * HOUR)])
    assert found(store) == ["one"]
    assert [each.documents for each in store.status() if each.generation == rebuilt] == [1]


def test_an_empty_generation_can_be_promoted_and_the_old_one_again(store: SearchStore) -> None:
    store.write([document()])
    first = store.status()[0].generation
    store.promote(store.begin_generation())
    assert found(store) == []
    store.promote(first)
    assert found(store) == ["one"]


def test_promoting_the_live_generation_changes_nothing(store: SearchStore) -> None:
    store.write([document()])
    store.promote(store.status()[0].generation)
    assert found(store) == ["one"]


def test_a_dropped_generation_is_gone_with_its_documents(store: SearchStore) -> None:
    store.write([document("old", people=["Ann"])])
    first = store.status()[0].generation
    rebuilt = store.begin_generation()
    store.write([document("new")], generation=rebuilt)
    store.promote(rebuilt)
    store.drop(first)
    assert [each.generation for each in store.status()] == [rebuilt]
    assert found(store, "headline") == ["new"]
    assert found(store, people=["ann"]) == []


def test_the_live_generation_cannot_be_dropped(store: SearchStore) -> None:
    with pytest.raises(UsageError, match="is live"):
        store.drop(store.status()[0].generation)


def test_an_unknown_generation_is_a_usage_error(store: SearchStore) -> None:
    for act in (store.promote, store.drop, lambda name: store.write([document()], generation=name)):
        with pytest.raises(UsageError, match="there is no generation"):
            act("articles-00000000")


def test_generations_have_different_names(store: SearchStore, clock: FixedClock) -> None:
    first = store.begin_generation()
    with pytest.raises(UsageError, match="begun"):
        store.begin_generation()
    clock.time += timedelta(seconds=1)
    assert store.begin_generation() != first
    assert len(store.status()) == 3


def test_readers_see_no_gap_while_generations_change(store: SearchStore, clock: FixedClock) -> None:
    store.write([document()])
    totals, is_over = set[int](), threading.Event()

    def read() -> None:
        while not is_over.is_set():
            totals.add(store.search(Query(text="headline")).total)
        store.close() if isinstance(store, SqliteStore) else None

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(5):
        clock.time += timedelta(seconds=1)
        old = store.status()[0].generation
        rebuilt = store.begin_generation()
        store.write([document()], generation=rebuilt)
        store.promote(rebuilt)
        store.drop(old)
    is_over.set()
    reader.join()
    assert totals == {1}


def test_a_circle_needs_no_words(store: SearchStore) -> None:
    store.write([document(places=[("Tehran", TEHRAN)])])
    assert store.search(Query(near=Circle(latitude=35, longitude=51, kilometres=200.5))).total == 1


# Months


def month(year: int, number: int, documents: int) -> StoredMonth:
    return StoredMonth(month=date(year, number, 1), documents=documents)


def test_documents_are_counted_by_the_month_of_their_first_sight_in_utc(store: SearchStore) -> None:
    assert store.months() == ()
    tokyo = timezone(9 * HOUR)
    store.write(
        [
            document("old", first_seen_at=datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)),
            document("older by its date alone", published=datetime(2011, 1, 1, tzinfo=UTC)),
            document("in march at utc", first_seen_at=datetime(2026, 4, 1, 8, 59, tzinfo=tokyo)),
            document("in april at utc", first_seen_at=datetime(2026, 4, 1, 9, 0, tzinfo=tokyo)),
        ]
    )
    assert store.months() == (month(2026, 3, 2), month(2026, 4, 1), month(2026, 11, 1))


def test_a_dropped_month_is_gone_and_the_others_stay(store: SearchStore) -> None:
    seen = {"may": datetime(2026, 5, 1, tzinfo=UTC), "june": datetime(2026, 6, 30, tzinfo=UTC), "now": NOON}
    store.write([document(name, people=[name], first_seen_at=at) for name, at in seen.items()])
    assert store.drop_months(date(2026, 6, 1)) == (month(2026, 5, 1),)
    assert found(store) == ["june", "now"]
    assert found(store, people=["may"]) == []
    assert store.months() == (month(2026, 6, 1), month(2026, 11, 1))
    assert store.drop_months(date(2026, 6, 1)) == ()


def test_dropping_months_leaves_other_generations_alone(store: SearchStore) -> None:
    march = datetime(2026, 3, 1, tzinfo=UTC)
    first = store.status()[0].generation
    store.write([document("first", first_seen_at=march)])
    rebuilt = store.begin_generation()
    store.write([document("rebuilt", first_seen_at=march)], generation=rebuilt)
    store.promote(rebuilt)
    assert store.drop_months(date(2026, 11, 1)) == (month(2026, 3, 1),)
    assert found(store) == []
    store.promote(first)
    assert found(store) == ["first"]


def test_a_generation_that_lost_all_its_months_stays_live(store: SearchStore, clock: FixedClock) -> None:
    rebuilt = store.begin_generation()
    store.write([document()], generation=rebuilt)
    store.promote(rebuilt)
    clock.time += timedelta(days=40)
    store.drop_months(date(2027, 1, 1))
    assert found(store) == []
    store.write([document("after")])
    assert [status.generation for status in store.status() if status.is_live] == [rebuilt]
    assert found(store) == ["after"]


def test_the_current_month_is_never_dropped(store: SearchStore) -> None:
    store.write([document()])
    assert store.drop_months(date(2999, 1, 1)) == ()
    assert found(store) == ["one"]


def test_a_document_may_come_back_into_a_dropped_month(store: SearchStore) -> None:
    march = datetime(2026, 3, 1, tzinfo=UTC)
    store.write([document(first_seen_at=march)])
    store.drop_months(date(2026, 4, 1))
    store.write([document(text="corrected", first_seen_at=march)])
    assert found(store, "corrected") == ["one"]
    assert store.months() == (month(2026, 3, 1),)


def test_a_month_of_many_documents_is_dropped_whole(store: SearchStore) -> None:
    march = datetime(2026, 3, 1, tzinfo=UTC)
    store.write([document(f"{number}", first_seen_at=march) for number in range(1_200)])
    store.write([document("now")])
    assert store.drop_months(date(2026, 4, 1)) == (month(2026, 3, 1_200),)
    assert found(store) == ["now"]
