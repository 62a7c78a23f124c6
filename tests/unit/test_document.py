import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from pipeline.index.document import content_hash, document_date, document_json, make_document, milliseconds
from pipeline.index.mapping import read_mapping
from pipeline.model.article import Article, Byline, Dateline, Image
from pipeline.model.capture import CaptureRef
from pipeline.model.entity import Annotation, AnnotationMethod, Demonym, Entity, Kind, Quote
from pipeline.model.evidence import Evidence, Precision, Timestamp
from pipeline.model.feed import Entry
from pipeline.model.reprint import Reprint
from tests.fixtures.documents import NOON, TEHRAN

TIME = Timestamp(
    raw="23 November, 3.30 pm",
    value=datetime(2026, 11, 23, 15, 30, tzinfo=timezone(timedelta(hours=3, minutes=30))),
    source="page:time",
    precision=Precision.MINUTE,
    has_offset=True,
)
ARTICLE = Article(
    url="https://news.example/a?b",
    canonical_url="https://news.example/a",
    headline=Evidence(value="A visit", source="page:h1"),
    text="Raisi met Lukashenko.",
    deck="Two presidents",
    byline=Byline(authors=("Ann Author",), agency="Agency", raw="By Ann Author/Agency", source="page"),
    dateline=Dateline(place="Tehran", raw="TEHRAN, Nov 23 (Agency) -"),
    published=TIME,
    modified=dataclasses.replace(TIME, precision=Precision.DAY, has_offset=False),
    section="World",
    topics=("Iran",),
    image=Image(url="https://news.example/a.jpg", caption="A handshake"),
    is_free=True,
)
ANNOTATION = Annotation(
    language="en",
    method=AnnotationMethod.MODEL,
    entities=(
        Entity(id="p1", kind=Kind.PERSON, name="Ebrahim Raisi", aliases=("Ebrahim Raisi", "Raisi"), count=2),
        Entity(id="p2", kind=Kind.PERSON, name="Ebrahim Raisi", count=1),
        Entity(
            id="g1",
            kind=Kind.PLACE,
            name="Tehran",
            count=1,
            place=TEHRAN,
            via=(Demonym(start=0, end=7, text="Iranian"), Demonym(start=9, end=16, text="Iranian")),
            salience=0.5,
        ),
        Entity(id="o1", kind=Kind.OTHER, name="Nowruz", count=1),
    ),
    quotes=(
        Quote(start=0, end=5, text="Peace", speaker="p1", cue="said", is_partial=True, venue="Tehran Radio"),
        Quote(start=6, end=9, text="War"),
    ),
)
DOCUMENT = make_document(
    ARTICLE,
    ANNOTATION,
    article_id="0" * 32,
    entry=Entry(
        url="https://news.example/a", feed_url="https://news.example/feed", publisher="The Example", country="DE"
    ),
    first_seen_at=NOON,
    captured_at=NOON,
    capture=CaptureRef(path="a.warc.gz", offset=1, length=2),
)
DOCUMENT = replace(DOCUMENT, reprint=Reprint(reprint_of="1" * 32, similarity=0.5, own_share=0.25), story="2" * 16)


def paths(form: object, above: str = "") -> Iterator[str]:
    if isinstance(form, list):
        for each in form:
            yield from paths(each, above)
    elif isinstance(form, dict):
        for name, value in form.items():
            yield above + name
            yield from paths(value, f"{above}{name}.")


def mapped(properties: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, field in properties.items():
        yield above + name
        yield from mapped(field.get("properties", {}), f"{above}{name}.")
        if field["type" if "type" in field else "properties"] == "geo_point":
            yield from (f"{above}{name}.lat", f"{above}{name}.lon")


def test_a_full_document_fills_every_field_of_the_mapping() -> None:
    searched_alone = ("lede", "named", "stemmed")
    wanted = {path for path in mapped(read_mapping()["mappings"]["properties"]) if not path.startswith(searched_alone)}
    later = {"withdrawn_at"}  # what is learned of a document that is in the store already
    assert set(paths(document_json(DOCUMENT))) == wanted - later


def test_times_keep_the_offset_that_was_written_and_the_date_is_utc() -> None:
    form = document_json(DOCUMENT)
    assert form["published"] == "2026-11-23T15:30:00+03:30"
    assert form["date"] == "2026-11-23T12:00:00+00:00"
    assert (form["modified_precision"], form["modified_has_offset"]) == ("day", False)


def test_name_lists_hold_each_name_once_and_only_their_kind() -> None:
    form = document_json(DOCUMENT)
    assert (form["people"], form["organizations"], form["places"]) == (["Ebrahim Raisi"], [], ["Tehran"])
    assert form["locations"] == [{"lat": TEHRAN.latitude, "lon": TEHRAN.longitude}]


def test_an_entity_carries_what_counts_toward_it() -> None:
    tehran = document_json(DOCUMENT)["entities"][2]
    assert (tehran["via"], tehran["salience"], tehran["country"]) == (["Iranian"], 0.5, "IR")
    body = Entity(id="o2", kind=Kind.ORGANIZATION, name="Kremlin", country="RU")
    document = dataclasses.replace(DOCUMENT, annotation=dataclasses.replace(ANNOTATION, entities=(body,)))
    assert document_json(document)["entities"][0]["country"] == "RU"


def test_a_quote_carries_the_name_of_its_speaker() -> None:
    assert document_json(DOCUMENT)["quotes"] == [
        {
            "text": "Peace",
            "speaker": "p1",
            "speaker_name": "Ebrahim Raisi",
            "cue": "said",
            "venue": "Tehran Radio",
            "is_partial": True,
        },
        {"text": "War", "is_partial": False},
    ]


def test_what_is_not_known_is_left_out() -> None:
    bare = Article(
        url=ARTICLE.url, canonical_url=ARTICLE.url, headline=Evidence(value="A visit", source="feed"), text="Text"
    )
    form = document_json(dataclasses.replace(DOCUMENT, article=bare, capture=None, country=None))
    assert None not in form.values()
    assert not {"published", "published_raw", "deck", "capture", "image", "country"} & form.keys()
    assert form["date"] == NOON.isoformat()


def test_a_document_without_publication_time_has_the_date_of_its_capture() -> None:
    undated = dataclasses.replace(DOCUMENT, article=dataclasses.replace(ARTICLE, published=None))
    assert document_date(undated) == NOON


@pytest.mark.parametrize(
    "change",
    [
        {"headline": Evidence(value="Another", source="page:h1")},
        {"text": "Other text."},
        {"deck": None},
        {"byline": Byline(authors=("Ben",), agency="Agency")},
        {"byline": Byline(authors=("Ann Author",))},
        {"published": None},
        {"section": "Sport"},
        {"topics": ()},
        {"is_free": None},
    ],
)
def test_the_content_hash_follows_what_the_article_says(change: dict[str, Any]) -> None:
    assert content_hash(dataclasses.replace(ARTICLE, **change)) != content_hash(ARTICLE)


@pytest.mark.parametrize(
    "change",
    [
        {"headline": Evidence(value="A visit", source="json-ld")},
        {"url": "https://m.news.example/a"},
        {"modified": None},
        {"image": Image(url="https://news.example/a.jpg?signature=2", caption="A handshake")},
        {"published": dataclasses.replace(TIME, raw="2026-11-23T15:30+03:30", source="json-ld")},
    ],
)
def test_the_content_hash_is_blind_to_where_it_stood(change: dict[str, Any]) -> None:
    assert content_hash(dataclasses.replace(ARTICLE, **change)) == content_hash(ARTICLE) == DOCUMENT.content_hash


def test_the_parts_of_an_article_do_not_run_into_each_other() -> None:
    one, other = ({"topics": ("a", "b"), "section": None}, {"topics": ("b",), "section": "a"})
    assert content_hash(dataclasses.replace(ARTICLE, **one)) != content_hash(dataclasses.replace(ARTICLE, **other))


def test_milliseconds() -> None:
    assert milliseconds(datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC)) == 1000
    assert milliseconds(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1000
    assert milliseconds(TIME.value) == milliseconds(NOON)
    assert milliseconds(datetime.max.replace(tzinfo=UTC)) == 253402300799999
