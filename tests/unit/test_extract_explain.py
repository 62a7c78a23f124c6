"""An explanation names the candidates of each field and the reasons of each block, and agrees with what is extracted."""

from datetime import UTC, datetime

from pipeline.extract.article import extract_article
from pipeline.extract.explain import Explanation, FieldReport, explain_page
from pipeline.model.capture import Capture
from pipeline.model.feed import Rules

SENTENCE = "The council of Norhaven voted on Tuesday to rebuild the old lighthouse, after eleven long years of talks. "
PAGE = f"""<html><head><title>Light saved | Courier</title><meta property="og:title" content="Light saved">
<meta name="author" content="Courier"><meta name="description" content="What the vote means.">
<meta property="article:published_time" content="2024-05-01"><meta property="article:tag" content="Sea">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "Light saved at last", "publisher": "Courier",
"datePublished": "2042-05-01T10:00Z"}}</script></head><body><div class="menu"><a href="/">Home</a></div>
<article><h1>Light saved</h1><p class="byline">By Ida Brekke</p><time datetime="2024-05-01T10:00+02:00">1 May</time>
<p>{SENTENCE * 3}</p><p>{SENTENCE * 2}</p><p><a href="/b">Read more: the harbour</a></p></article></body></html>"""


def capture_of(html: str) -> Capture:
    url = "https://courier.example/a"
    return Capture(url=url, final_url=url, fetched_at=datetime(2024, 6, 1, tzinfo=UTC), status=200, body=html.encode())


def winners(explanation: Explanation) -> dict[str, str | None]:
    def winner(field: FieldReport) -> str | None:
        return next((candidate.source for candidate in field.candidates if candidate.won), None)

    return {field.name: winner(field) for field in explanation.fields}


def test_fields_name_their_candidates_and_the_one_that_won() -> None:
    explanation = explain_page(capture_of(PAGE), Rules())
    assert explanation.verdict == "article"
    assert winners(explanation) == {
        "headline": "page:h1",
        "authors": "page:p",
        "published": "page:time",
        "modified": None,
        "dateline": None,
        "topics": "meta:article:tag",
        "deck": "meta:description",
    }
    [headline, authors, published, *_] = explanation.fields
    assert [candidate.value for candidate in headline.candidates] == [
        "Light saved at last",
        "Light saved",
        "Light saved",
        "Light saved",
    ]
    assert [(candidate.source, candidate.value) for candidate in authors.candidates] == [
        ("meta:author", "Courier"),
        ("page:p", "By Ida Brekke"),
    ]
    assert [candidate.value for candidate in published.candidates] == [
        "2042-05-01T10:00:00+00:00",
        "2024-05-01",
        "2024-05-01T10:00:00+02:00",
    ]


def test_blocks_say_what_became_of_them_as_the_extraction_does() -> None:
    capture = capture_of(PAGE)
    explanation = explain_page(capture, Rules())
    kept = [block.text for block in explanation.blocks if block.became == "text"]
    assert "\n\n".join(kept) == extract_article(capture, None, Rules()).text
    teaser = next(block for block in explanation.blocks if block.text.startswith("Read more"))
    assert teaser.became == "dropped"
    assert teaser.place.endswith("article > p")
    assert any(part < 0 and name in {"phrase_link", "p_all_link", "all_link"} for name, part in teaser.reasons)
    assert explanation.container is not None
    assert explanation.container.endswith("article")
    assert all(block.reasons for block in explanation.blocks if block.became != "outside")


def test_walls_and_rules_are_explained_too() -> None:
    wall = explain_page(capture_of("<html><title>Cookies</title><p>Accept all</p>"), Rules())
    assert wall.verdict.startswith("too short")
    assert wall.text_source is None
    ruled = explain_page(capture_of(PAGE), Rules(keep=("article p",)))
    assert ruled.blocks == ()
    assert ruled.container is None


def test_a_dateline_is_explained_part_by_part() -> None:
    paragraph = "The harbour was closed for two days after the storm, and the ferries stayed where they were, it said."
    page = f"<article><h1>Harbour closed</h1><p>MINSK, March 13 (Reuters) - {paragraph}</p><p>{paragraph} Twice.</p></article>"
    fields = {field.name: field for field in explain_page(capture_of(page), Rules()).fields}
    told = {candidate.source: candidate.value for candidate in fields["dateline"].candidates}
    assert (told["place"], told["agency"]) == ("MINSK", "Reuters")
    assert fields["dateline"].value == "MINSK, March 13 (Reuters) -"
