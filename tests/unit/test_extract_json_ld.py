"""schema.org is read in all the shapes that pages write it."""

import pytest

from pipeline.extract.json_ld import Graph, find_article, node_types, parse_json, read_graph


def graph_of(*scripts: str) -> Graph:
    return read_graph(scripts)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "b"}',
        '{"a": "b",}',
        '<!-- {"a": "b"} -->',
        '//<![CDATA[\n{"a": "b"}\n//]]>',
        '{"a": "b"};',
        "{&quot;a&quot;: &quot;b&quot;}",
    ],
)
def test_mends_what_is_slightly_broken(text: str) -> None:
    assert parse_json(text) == [{"a": "b"}]


def test_references_with_an_address_nested_lists_and_literals_are_followed() -> None:
    graph = graph_of('{"@type": "Person", "@id": "#ida", "name": {"@value": "Ida Brekke", "@language": "no"}}')
    assert graph.texts({"@type": "Person", "@id": "#ida", "url": "/ida"}) == ["Ida Brekke"]
    assert graph.texts([["Tom Aske"], ["Li Norr", {"name": "Ane Lie"}]]) == ["Tom Aske", "Li Norr", "Ane Lie"]


def test_entries_of_a_live_blog_are_not_its_article() -> None:
    update = '{"@type": "BlogPosting", "headline": "14:05 The ship sails", "url": "https://a.example/live#1405"}'
    graph = graph_of(f'{{"@type": "liveblogposting", "headline": "Storm at sea", "liveBlogUpdate": [{update}]}}')
    article = find_article(graph, ("https://a.example/live",), ("The storm as it happened",))
    assert graph.text(article, "headline") == "Storm at sea"


def test_reads_line_breaks_in_strings_and_several_values() -> None:
    assert parse_json('{"a": "b\nc"} {"d": 1}') == [{"a": "b\nc"}, {"d": 1}]


@pytest.mark.parametrize("text", ["", "{", "nothing", '{"a": }', "[" * 100_000])
def test_leaves_out_what_cannot_be_mended(text: str) -> None:
    assert parse_json(text) == []


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "NewsArticle", "headline": "H"}',
        '[{"@type": "WebPage"}, {"@type": "NewsArticle", "headline": "H"}]',
        '{"@graph": [{"@type": ["Thing", "ReportageNewsArticle"], "headline": "H"}]}',
        '{"@type": "WebPage", "mainEntity": {"@type": "http://schema.org/Article", "headline": "H"}}',
        '{"@type": "schema:BlogPosting", "name": "H"}',
    ],
)
def test_finds_the_article_in_any_shape(script: str) -> None:
    graph = graph_of(script)
    assert graph.text(find_article(graph, (), ()), "headline", "name") == "H"


def test_of_several_articles_the_one_of_the_address_then_of_the_title() -> None:
    first = '{"@type": "Article", "headline": "One", "url": "https://a.example/1"}'
    second = '{"@type": "Article", "headline": "Two", "mainEntityOfPage": {"@id": "https://www.a.example/2/"}}'
    graph = graph_of(first, second)
    assert graph.text(find_article(graph, ("https://a.example/2?x=1",), ()), "headline") == "Two"
    assert graph.text(find_article(graph, (), ("Two - Site",)), "headline") == "Two"
    assert find_article(graph, ("https://a.example/3",), ("Three",)) is None


def test_references_are_followed() -> None:
    graph = graph_of(
        '{"@type": "Article", "headline": "H", "author": {"@id": "#p"}}',
        '{"@id": "#p", "@type": "Person", "name": "Ann"}',
    )
    assert graph.texts((find_article(graph, (), ()) or {})["author"]) == ["Ann"]


def test_types_and_listings_that_are_no_articles() -> None:
    assert node_types({"@type": ["https://schema.org/NewsArticle", 3]}) == {"NewsArticle"}
    graph = graph_of('{"@type": "JobPosting", "name": "Cook"}', "[[[1, null, true]]]", '"text"')
    assert find_article(graph, (), ()) is None
