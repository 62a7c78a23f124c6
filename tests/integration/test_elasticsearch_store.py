"""What only the Elasticsearch store does: analysis by language, strict mapping, its errors and its retries."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from pipeline.adapters import elasticsearch_bulk, elasticsearch_reader, elasticsearch_scan
from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.errors import StoreUnavailable, StoreUnusable, TooSlow, UsageError
from pipeline.index.document import document_json
from pipeline.index.folding import fold, fold_words
from pipeline.index.mapping import Generation, fingerprint, read_mapping
from pipeline.model.entity import Entity, Kind, Place, Quote
from pipeline.model.version import Difference, Version
from pipeline.search.request import make_query
from tests.fixtures.documents import NOON, TEHRAN, FixedClock, document

real = pytest.mark.elasticsearch


@pytest.fixture
def store(elasticsearch_url: str, elasticsearch_prefix: str) -> Iterator[ElasticsearchStore]:
    opened = ElasticsearchStore(elasticsearch_url, clock=FixedClock(), prefix=elasticsearch_prefix)
    yield opened
    opened.close()


@real
def test_what_others_write_of_a_spelling_is_known_within_a_minute(
    store: ElasticsearchStore, elasticsearch_url: str, elasticsearch_prefix: str
) -> None:
    clock, query = FixedClock(), make_query(text="Tegeran")
    city = Entity(
        id="Q3616", kind=Kind.PLACE, name="Tehran", aliases=("Tehran", "Tegeran"), count=1, place=TEHRAN, salience=0.5
    )
    with closing(ElasticsearchStore(elasticsearch_url, clock=clock, prefix=elasticsearch_prefix)) as reader:
        store.write([document("other")])
        assert reader.search(query).total == 0
        one = document("one")
        store.write([replace(one, annotation=replace(one.annotation, entities=(city,)))])
        clock.time += timedelta(minutes=1)
        assert reader.search(query).total == 1


# The mapping on a real server


@real
@pytest.mark.parametrize(
    "text",
    [
        "Iran’s «Téhéran» Łódź STRASSE Straße Ærø ŒUVRE Þingvellir İstanbul Kırıkkale Ştefan Ọlọ́run Đà Nẵng Ǧamal rock’n’roll",
        "Ελλάδα ΑΘΉΝΑ Μητσοτάκης τους",
        "Ёлка за́мок Йод Київ Ўзбекистон Ђоковић",
        "أَحْمَد إيران آسيا مكتبة مصطفى ـــ ٣٫١٤ ۱۴۰۲ می‌خواهد رئیس‌جمهور کتاب",
        "שָׁלוֹם ירושלים",
        "हिन्दी समाचार १२३ বাংলা தமிழ் తెలుగు",
        "東京タワー 東京tower ﾀﾜｰ 서울에서 北京大学 ｆｕｌｌ　ｗｉｄｔｈ 々",
        "กรุงเทพฯ ພາສາລາວ ភាសាខ្មែរ မြန်မာ",
        "U.S. e-mail a_b@example.com https://x.y/z?q=1 3.5% $1,000 x² ½ № 5 C++ 🙂👍🏽 a\u00a0b\u202fc\u200bd\u00ade\ufefff\ttab",
        "a" * 300,
    ],
)
def test_the_server_folds_as_we_do(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str, text: str
) -> None:
    store.prepare()
    answer = elasticsearch_client.indices.analyze(index=elasticsearch_prefix, analyzer="folded", text=text)
    assert [token["token"] for token in answer["tokens"]] == fold_words(text)
    again = elasticsearch_client.indices.analyze(index=elasticsearch_prefix, analyzer="folded", text=fold(text))
    assert [token["token"] for token in again["tokens"]] == fold_words(text)


@real
@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("en", "The elections were postponed", "election postponing"),
        ("de", "Die Wahlen in den Häusern", "wahl haus"),
        ("fr", "Les présidents iraniens", "président iranienne"),
        ("es", "Las elecciones presidenciales", "elección presidencial"),
        ("it", "I presidenti iraniani", "presidente iraniano"),
        ("pt", "As eleições presidenciais", "eleição presidencial"),
        ("nl", "De verkiezingen", "verkiezing"),
        ("ru", "Президента встретили в Тегеране", "президент тегеран"),
        ("ar", "الرئيسان", "رئيس"),
        ("fa", "کتاب‌ها و خبرهای ایران", "خبر"),
    ],
)
def test_each_language_finds_inflected_words_in_its_own_documents(
    store: ElasticsearchStore, language: str, text: str, query: str
) -> None:
    store.write([document(text=text, language=language), document("other", text=text, language="und")])
    assert [hit.language for hit in store.search(make_query(query)).hits] == [language]


@real
@pytest.mark.parametrize("path", ["", "entities", "quotes", "capture", "image", "stemmed"])
def test_unknown_fields_are_refused_at_every_level(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str, path: str
) -> None:
    store.prepare()
    form: dict[str, Any] = {"surprise": 1}
    with pytest.raises(Exception, match="strict_dynamic_mapping_exception"):
        elasticsearch_client.index(index=elasticsearch_prefix, document={path: form} if path else form)


@real
def test_each_hit_is_marked_by_the_stems_of_its_own_language(store: ElasticsearchStore) -> None:
    texts = {"en": "Two hotels opened", "de": "In den Hotels", "und": "hotel hotels", "nl": "De hotels"}
    store.write([document(language, text=text, language=language) for language, text in texts.items()])
    marked = {hit.language: hit.snippets for hit in store.search(make_query("hotel")).hits}
    assert marked == {
        "en": ("Two <mark>hotels</mark> opened",),
        "de": ("In den <mark>Hotels</mark>",),
        "und": ("<mark>hotel</mark> hotels",),
        "nl": ("De <mark>hotels</mark>",),
    }


@real
def test_a_large_lot_is_written_by_several_requests(store: ElasticsearchStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elasticsearch_bulk, "CHUNK", 2)
    refused = document("refused", places=[("Nowhere", Place(latitude=91, longitude=0))])
    assert [each.document for each in store.write([*(document(f"{n}") for n in range(7)), refused])] == [refused]
    assert store.search(make_query()).total == 7


@real
def test_the_text_is_stored_once(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    written = document(text="Some text.", language="en")
    store.write([written])
    hit = elasticsearch_client.search(index=elasticsearch_prefix)["hits"]["hits"][0]
    assert hit["_source"] == document_json(written)


@real
def test_raw_queries_reach_nested_entities_and_quotes(store: ElasticsearchStore) -> None:
    quote = Quote(start=0, end=5, text="We agreed", speaker="person:Ann", cue="said")
    store.write(
        [document(people=["Ann"], places=[("Tehran", TEHRAN)], quotes=[quote]), document("other", people=["Ben"])]
    )
    asked = {
        "entities": [{"term": {"entities.kind": "place"}}, {"term": {"entities.geonames": 112931}}],
        "quotes": [{"term": {"quotes.speaker_name.folded": "ANN"}}, {"match": {"quotes.text": "agreed"}}],
    }
    for path, must in asked.items():
        answer = store.search_raw({"query": {"nested": {"path": path, "query": {"bool": {"must": must}}}}})
        assert [hit["_source"]["people"] for hit in answer["hits"]["hits"]] == [["Ann"]]


@real
def test_raw_queries_reach_earlier_versions(store: ElasticsearchStore) -> None:
    with pytest.raises(UsageError, match="no article was changed yet: "):
        store.search_versions_raw({"size": 1})
    form = document_json(document())
    store.keep_versions(
        [Version(article_id=form["id"], number=1, replaced_at=NOON, form=form, difference=Difference())]
    )
    assert store.search_versions_raw({"size": 1})["hits"]["total"]["value"] == 1


@real
def test_words_of_a_quotation_have_their_share_of_the_score(store: ElasticsearchStore) -> None:
    quote = Quote(start=0, end=5, text="We agreed on wheat", speaker="person:Ann", cue="said")
    store.write([document(quotes=[quote]), document("other")])
    (hit,) = store.search(make_query("quote:wheat", explains=True)).hits
    text, fresh = hit.reasons
    assert text.detail == "“wheat”: a quotation"
    assert hit.score == pytest.approx(text.value * fresh.value, rel=1e-4)


@real
def test_an_export_that_was_left_lying_says_that_it_is_not_whole(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_scan, "PAGE", 2)
    search, answers = Elasticsearch.search, list[Any]()
    monkeypatch.setattr(Elasticsearch, "search", lambda *a, **b: answers.append(search(*a, **b)) or answers[-1])
    store.write([document(f"{number}") for number in range(5)])
    exported = store.export(make_query())
    next(exported)
    elasticsearch_client.clear_scroll(scroll_id=answers[-1]["_scroll_id"])  # as the server does after five minutes
    next(exported)
    with pytest.raises(UsageError, match=r"the export ends here and is not whole: .* for 5 minutes"):
        next(exported)


@real
def test_a_wrong_raw_query_is_a_usage_error(store: ElasticsearchStore) -> None:
    store.prepare()
    with pytest.raises(UsageError, match="unknown query"):
        store.search_raw({"query": {"nonsense": {}}})


# An index that is not ours


@real
def test_before_anything_is_written_nothing_is_found(store: ElasticsearchStore) -> None:
    page = store.search(make_query("iran", with_facets=True))
    assert (page.total, page.hits, page.facets["people"]) == (0, (), ())
    assert store.document("0" * 32) is None
    assert store.status() == ()


@real
def test_a_live_index_of_another_mapping_is_a_usage_error(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    elasticsearch_client.indices.create(
        index=f"{elasticsearch_prefix}-0a1b2c3d-2026.11", aliases={elasticsearch_prefix: {}}
    )
    ours = fingerprint(read_mapping())
    for act in (store.prepare, lambda: store.write([document()])):
        with pytest.raises(UsageError, match=f"0a1b2c3d.*{ours}.*newswire index rebuild.*newswire index promote"):
            act()
    rebuilt = store.begin_generation()
    store.write([document()], generation=rebuilt)
    store.promote(rebuilt)
    store.prepare()
    assert store.search(make_query()).total == 1


@real
def test_a_mapping_changed_by_hand_is_a_usage_error_that_names_the_field(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    store.prepare()
    elasticsearch_client.indices.put_mapping(
        index=elasticsearch_prefix,
        properties={"entities": {"type": "nested", "properties": {"mood": {"type": "keyword"}}}},
    )
    with pytest.raises(UsageError, match=r"entities\.mood.*newswire index rebuild"):
        store.prepare()


@real
def test_an_index_that_has_the_name_of_the_alias_is_a_usage_error(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    elasticsearch_client.indices.create(index=elasticsearch_prefix)
    with pytest.raises(UsageError, match="is an index"):
        store.prepare()


@real
def test_an_alias_over_foreign_indices_is_a_usage_error(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    store.prepare()
    elasticsearch_client.indices.create(index=f"{elasticsearch_prefix}-other", aliases={elasticsearch_prefix: {}})
    with pytest.raises(UsageError, match="do not belong together"):
        store.prepare()


@real
def test_a_lost_alias_comes_back(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    store.write([document()])
    elasticsearch_client.indices.delete_alias(index="_all", name=elasticsearch_prefix)
    store.prepare()
    assert store.search(make_query()).total == 1


@real
def test_documents_lie_in_the_month_of_their_first_sight(store: ElasticsearchStore) -> None:
    store.write([document()])
    (status,) = store.status()
    assert [index.rpartition("-")[2] for index in status.indices] == ["2026.11"]


# A promotion that overtakes a writer


@real
@pytest.mark.parametrize("is_dropped", [False, True])
@pytest.mark.parametrize("first_seen_at", [NOON, NOON - timedelta(days=99)], ids=["known month", "new month"])
@pytest.mark.parametrize("step", ["create", "send_actions"])
def test_a_writer_overtaken_by_a_promotion_writes_where_readers_are(
    store: ElasticsearchStore,
    elasticsearch_client: Elasticsearch,
    elasticsearch_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    first_seen_at: datetime,
    is_dropped: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    store.prepare()
    old, rebuilt = store.status()[0].generation, store.begin_generation()
    part = elasticsearch_bulk if step == "send_actions" else store._generations
    original = getattr(part, step)

    def overtake(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(part, step, original)
        with store.hold_writers():
            store.promote(rebuilt)
        if is_dropped:
            store.drop(old)
        return original(*arguments, **options)

    monkeypatch.setattr(part, step, overtake)
    assert store.write([document(first_seen_at=first_seen_at)]) == ()
    assert store.search(make_query()).total == 1
    behind = elasticsearch_client.indices.get_alias(name=elasticsearch_prefix)
    assert all(index.startswith(rebuilt) for index in behind)


@real
def test_an_index_made_while_writers_are_held_waits_as_well(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    store.prepare()
    rebuilt = store.begin_generation()
    old_month = document("past", first_seen_at=NOON - timedelta(days=99))
    writer = threading.Thread(target=lambda: store.write([old_month]))
    with store.hold_writers():
        writer.start()
        while len(elasticsearch_client.indices.get_alias(name=elasticsearch_prefix)) == 1:
            assert writer.is_alive()
        store.promote(rebuilt)
    writer.join(30)
    assert store.search(make_query()).total == 1
    assert all(index.startswith(rebuilt) for index in elasticsearch_client.indices.get_alias(name=elasticsearch_prefix))


@real
def test_a_promotion_of_others_holds_nobody(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    other = f"{elasticsearch_prefix}-of-others"
    elasticsearch_client.indices.create(index=other, settings={"index.blocks.write": True})
    assert not store.write([document("first-of-all")])
    assert store.search(make_query("")).total == 1


@real
def test_an_index_that_stays_closed_is_said(store: ElasticsearchStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.prepare()
    monkeypatch.setattr("pipeline.adapters.elasticsearch_writer.PATIENCE", 0)
    live = store.status()[0].generation
    with store.hold_writers(), pytest.raises(StoreUnavailable, match="takes no writes since a promotion began"):
        store.write([document()])
    store._generations.close()  # as a promotion leaves it that was killed
    store.promote(live)
    assert store.write([document()]) == ()


# A server that does not answer as it should


Answer = tuple[int, dict[str, Any]]
ALIVE = {Generation("articles", fingerprint(read_mapping())).index(NOON): {"aliases": {"articles": {}}}}


@pytest.fixture
def stand_in() -> Iterator[Callable[[Callable[[str, str], Answer]], str]]:
    """Serve answers that no healthy Elasticsearch gives on demand; returns the address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answer: Callable[[str, str], Answer], product: str = "Elasticsearch") -> str:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                status, form = answer(self.path, body)
                content = json.dumps(form).encode()
                self.send_response(status)
                self.send_header("X-Elastic-Product", product)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - the names that the library calls

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def open_store(url: str) -> ElasticsearchStore:
    return ElasticsearchStore(url, clock=FixedClock(), user="ann", password="secret-word")


def test_a_server_that_is_down_is_named_without_credentials() -> None:
    store = open_store("http://127.0.0.1:9")
    for act in (store.prepare, store.status, lambda: store.search(make_query()), lambda: store.write([document()])):
        with pytest.raises(StoreUnavailable, match=r"http://127\.0\.0\.1:9 does not answer") as caught:
            act()
        assert "secret-word" not in str(caught.value)
        assert "\n" not in str(caught.value)
    store.close()


def test_something_else_at_the_address_is_a_usage_error(stand_in: Callable[..., str]) -> None:
    store = open_store(stand_in(lambda _path, _body: (200, {}), "a web shop"))
    with pytest.raises(UsageError, match="not Elasticsearch"):
        store.prepare()
    store.close()


def test_a_refused_login_is_a_usage_error(stand_in: Callable[..., str]) -> None:
    error = {"type": "security_exception", "reason": "unable to authenticate user [ann]"}
    store = open_store(stand_in(lambda _path, _body: (401, {"error": error, "status": 401})))
    with pytest.raises(UsageError, match=r"refuses the login.*NEWSWIRE_SEARCH_API_KEY"):
        store.prepare()
    store.close()


def test_a_search_that_the_server_stops_is_said_and_not_asked_again(stand_in: Callable[..., str]) -> None:
    """What 9.4 answers where partial results are not allowed: the client would ask a busy server (429) three times more."""
    asked = list[Any]()
    cause = {"type": "search_timeout_exception", "reason": "Time exceeded", "timed_out": True}
    error = {"root_cause": [cause], "type": "search_phase_execution_exception", "reason": "all shards failed"}

    def answer(_path: str, body: str) -> Answer:
        asked.append(json.loads(body))
        return 429, {"error": error, "status": 429}

    store = open_store(stand_in(answer))
    with pytest.raises(TooSlow, match="the search was stopped after 10 seconds; narrow it"):
        store.search(make_query('"wheat"'))
    store.close()
    assert [each["timeout"] for each in asked] == ["10s"]


def test_more_words_than_the_server_takes_is_a_usage_error(stand_in: Callable[..., str]) -> None:
    """What 9.4 answers to eight phrases of which each ends with a prefix that a thousand words have."""
    cause = {"type": "illegal_argument_exception", "reason": "Query rewrite failed: too many clauses"}
    error = {"root_cause": [cause], "type": "search_phase_execution_exception", "reason": "Partial shards failure"}
    store = open_store(stand_in(lambda _path, _body: (400, {"error": error, "status": 400})))
    with pytest.raises(UsageError, match="write more letters before each") as caught:
        store.search(make_query("a-b*"))
    assert not isinstance(caught.value, StoreUnusable)
    store.close()


def test_a_search_that_goes_on_after_its_time_is_said(
    stand_in: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_reader, "SEARCH_SECONDS", -0.9)
    stopped = threading.Event()
    store = open_store(stand_in(lambda _path, _body: (200, {"waited": stopped.wait(10)})))
    with pytest.raises(TooSlow, match="the search was stopped"):
        store.search(make_query('"wheat"'))
    stopped.set()
    store.close()


def test_an_alias_that_does_not_stay_stops_the_write(
    stand_in: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.adapters.elasticsearch_writer.PATIENCE", 0)

    def answer(path: str, body: str) -> Answer:
        if not path.startswith("/_bulk"):
            return 200, {}
        actions = [line for line in map(json.loads, body.splitlines()) if "index" in line]
        return 200, {"items": [{"index": {**action["index"], "status": 200}} for action in actions]}

    store = open_store(stand_in(answer))
    with pytest.raises(StoreUnavailable, match="does not stay"):
        store.write([document()])
    store.close()


def test_only_the_items_that_the_server_was_too_busy_for_are_sent_again(stand_in: Callable[..., str]) -> None:
    sent: list[list[str]] = []

    def answer(path: str, body: str) -> Answer:
        if not path.startswith("/_bulk"):
            return 200, ALIVE if path.startswith("/_alias/") else {}
        ids = [line["index"]["_id"] for line in map(json.loads, body.splitlines()) if "index" in line]
        sent.append(ids)
        statuses = [200, 429, 409] if len(sent) == 1 else [200]
        error = {"type": "es_rejected_execution_exception", "reason": "queue is full"}
        items = [
            {"index": {"_id": each, "_index": "", "status": status} | ({"error": error} if status != 200 else {})}
            for each, status in zip(ids, statuses, strict=True)
        ]
        return 200, {"errors": True, "items": items}

    store = open_store(stand_in(answer))
    documents = [document("a"), document("b"), document("c")]
    assert store.write(documents) == ()
    assert sent == [[each.id for each in documents], [documents[1].id]]
    store.close()


def test_a_server_that_fails_for_good_stops_the_write(
    stand_in: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_bulk, "FIRST_WAIT", 0)

    def answer(path: str, body: str) -> Answer:
        if not path.startswith("/_bulk"):
            return 200, ALIVE if path.startswith("/_alias/") else {}
        ids = [line["index"]["_id"] for line in map(json.loads, body.splitlines()) if "index" in line]
        error = {"type": "unavailable_shards_exception", "reason": "primary shard is not active"}
        failed = {"_index": "", "status": 500, "error": error}
        return 200, {"errors": True, "items": [{"index": failed | {"_id": each}} for each in ids]}

    store = open_store(stand_in(answer))
    with pytest.raises(StoreUnavailable, match="primary shard is not active"):
        store.write([document()])
    store.close()


# Retention


@real
def test_only_indices_of_the_live_generation_are_ever_dropped(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    store.write([document("old", first_seen_at=datetime(2026, 3, 1, tzinfo=UTC)), document("new")])
    live = store.status()[0].generation
    strangers = {
        f"{elasticsearch_prefix}-notes-2026.03",
        f"{elasticsearch_prefix}-0a1b2c3d-2026.03",
        f"{live}-2026.03.backup",
        f"{live}-r20260301000000-2026.03",
        f"{live}-2026.13",
    }
    for stranger in strangers:
        elasticsearch_client.indices.create(index=stranger)
    before = set(elasticsearch_client.indices.get(index=f"{elasticsearch_prefix}-*"))
    store.drop_months(date(2026, 11, 1))
    after = set(elasticsearch_client.indices.get(index=f"{elasticsearch_prefix}-*"))
    assert before - after == {f"{live}-2026.03"}
    assert after - before == set()


@real
def test_an_alias_that_points_elsewhere_too_stops_the_dropping(
    store: ElasticsearchStore, elasticsearch_client: Elasticsearch, elasticsearch_prefix: str
) -> None:
    article = document("old", first_seen_at=datetime(2026, 3, 1, tzinfo=UTC))
    store.write([article])
    elasticsearch_client.indices.create(
        index=f"{elasticsearch_prefix}-notes", aliases={elasticsearch_prefix: {}}, mappings={"dynamic": "strict"}
    )
    with pytest.raises(UsageError, match="do not belong together"):
        store.drop_months(date(2026, 11, 1))
    assert store.document(article.id) is not None
