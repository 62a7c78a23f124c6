"""Text in script data is found by its headline, and nothing else is taken for it."""

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.page import make_page
from pipeline.extract.script_data import script_paragraphs

LINES = [
    f"The council of Norhaven voted on Tuesday to rebuild lighthouse number {n} after years of talks." for n in range(5)
]
OTHER = [
    f"Ferries will run on time again from Monday, said harbour master number {n} after the storms." for n in range(9)
]
MARKED = "".join(f"<p>{line}</p>" for line in LINES)
ARTICLE = {"title": "Light saved", "summary": "A summary is no part of it, however long it may be.", "body": LINES}


def read(script: str, headline: str = "Light saved") -> list[str]:
    html = f"<html><body>{script}</body></html>"
    return script_paragraphs(make_page("https://courier.example/a", html, LexborHTMLParser(html)), headline)


@pytest.mark.parametrize(
    "script",
    [
        f'<script id="__NEXT_DATA__" type="application/json">{json.dumps({"props": ARTICLE})}</script>',
        f"<script>window.__STATE__ = {json.dumps({'page': ARTICLE, 'more': {'title': 'Ferries', 'body': OTHER}})};</script>",
        f'<script type="application/json">{json.dumps([{"headline": "LIGHT SAVED!", "html": MARKED}])}</script>',
    ],
)
def test_finds_the_object_with_the_headline(script: str) -> None:
    assert read(script) == LINES


def stream(rows: str, cut: int = 300) -> str:
    """Return the scripts in which Next.js sends the rows of React's stream, in pieces."""
    pieces = (rows[at : at + cut] for at in range(0, len(rows), cut))
    return "".join(f"<script>self.__next_f.push([1,{json.dumps(piece)}])</script>" for piece in pieces)


def element(tag: str, *children: object) -> list[object]:
    return ["$", tag, None, {"children": list(children)}]


ELEMENTS = element(
    "article",
    element("h1", "Light saved"),
    *(element("p", line[:20], ["$", "b", None, {"children": line[20:40]}], line[40:]) for line in LINES),
)
TABLE = [["Reactive", 1], {"data": 2}, {"article": 3}, {"title": 4, "body": 5}, "Light saved", [6, 7, 8, 9, 10], *LINES]
NUXT_2 = (
    "window.__NUXT__=(function(a,b){return {data:[{title:a,body:b,n:1,seen:!0}]}}"
    f'("Light saved",{json.dumps(LINES)}));'
)
CACHE = {
    "ROOT_QUERY": {"article": {"__ref": "Article:1"}},
    "Article:1": {"title": "Light saved", "body": [{"__ref": f"P:{n}"} for n in range(5)]},
    **{f"P:{n}": {"text": line} for n, line in enumerate(LINES)},
}
RICH = {
    "title": "Light saved",
    "content": [
        {
            "nodeType": "paragraph",
            "content": [{"value": line[:30]}, {"type": "link", "content": [{"value": line[30:]}]}],
        }
        for line in LINES
    ],
}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(stream(f"1:I[9,[]]\n2:{json.dumps(ELEMENTS)}\n"), id="React's stream of elements"),
        pytest.param(
            stream(f'5:T{len(MARKED.encode()):x},{MARKED}6:{{"article":{{"title":"Light saved","html":"$5"}}}}\n'),
            id="a text row of the stream",
        ),
        pytest.param(
            stream(f"1:I[9,[]]\n2:{json.dumps(ELEMENTS)}\n3:T{'f' * 40},cut off"),
            id="a row of the stream longer than anything",
        ),
        pytest.param(f'<script type="application/json" id="__NUXT_DATA__">{json.dumps(TABLE)}</script>', id="Nuxt 3"),
        pytest.param(f"<script>{NUXT_2}</script>", id="Nuxt 2"),
        pytest.param(f"<script>window.__APOLLO_STATE__={json.dumps(CACHE)}</script>", id="Apollo"),
        pytest.param(
            f"<script>window.__STATE__ = JSON.parse({json.dumps(json.dumps(ARTICLE))});</script>", id="JSON.parse"
        ),
        pytest.param(
            f"<script>var page = {{title: 'Light saved', body: {json.dumps(LINES)},}};</script>", id="JavaScript"
        ),
        pytest.param(f'<script type="application/json">{json.dumps(RICH)}</script>', id="rich text"),
    ],
)
def test_reads_what_site_generators_pack(script: str) -> None:
    assert read(script) == LINES


def test_characters_beyond_the_first_plane_are_read_from_their_halves() -> None:
    lines = [f"{line[:-1]} 😀." for line in LINES]
    for body in (lines, "".join(f"<p>{line}</p>" for line in lines)):
        assert read(f"<script>a = {{title: 'Light saved', body: {json.dumps(body)}}};</script>") == lines


def test_half_a_character_is_left_out() -> None:
    for half in ("\ud83d", "\ude00"):
        written = json.dumps({"title": "Light saved", "body": MARKED.replace("Tuesday", f"Tuesday{half}")})
        assert read(f'<script type="application/json">{written}</script>') == LINES
        assert read("<script>a = " + written.replace('"title"', "title") + ";</script>") == LINES


@pytest.mark.parametrize(
    "script",
    [
        f'<script type="application/json">{json.dumps([{"a": 1}, [1, 1, 1, 1]] + [0] * 3)}</script>' * 2,
        f'<script type="application/json">{json.dumps([[1], *([n + 1, n + 1] for n in range(1, 200)), {"a": 1}])}</script>',
        stream("1:[" + '"$1",' * 200 + '"$1"]\n' * 3),
        stream(
            f"1:{json.dumps(['x'] * 1_000)}\n" + "".join(f"{n:x}:{json.dumps(['$1'] * 300)}\n" for n in range(2, 1_000))
        ),
        "<script>a = " + "[" * 100_000 + "</script>",
        "<script>a = {" + "a:{" * 100_000 + "</script>",
        "<script>a = ('" + "\\" * 100_001 + "</script>",
        "<script>window.__NUXT__=(function(a){return {a:a" + "}" * 400 + "</script>",
    ],
)
def test_references_in_circles_and_endless_nesting_end(script: str) -> None:
    assert read(script) == []


@pytest.mark.parametrize(
    "script",
    [
        f'<script type="application/json">{json.dumps({"title": "Ferries", "body": OTHER})}</script>',
        f'<script type="application/json">{json.dumps({"title": "Light saved", "body": LINES[:2]})}</script>',
        f'<script type="application/json">{json.dumps(ARTICLE)[:-40]}</script>',
        f'<script type="application/json">{"[" * 100_000}</script>',
        "<script>var a = {b: c}; " + "x" * 500 + "</script>",
        '<script src="/a.js"></script>',
    ],
)
def test_takes_nothing_else(script: str) -> None:
    assert read(script) == []
    assert read(script, "") == []
