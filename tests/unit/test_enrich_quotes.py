"""Quotations are found in any marks, with their speaker and the verb that says so."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich.quotes import find_quotes
from pipeline.model.entity import Kind, Mention

PEOPLE = ("Ida Brekke", "Tom Aske", "J.K. Orrin", "Brekke")


ORGANIZATIONS = ("Skerry Bank", "Skerry Lines")


def names_in(text: str) -> list[Mention]:
    found: list[Mention] = []
    for name in (*PEOPLE, *ORGANIZATIONS):
        kind = Kind.ORGANIZATION if name in ORGANIZATIONS else Kind.PERSON
        start = text.find(name)
        while start >= 0:
            if not any(one.start <= start < one.end for one in found):
                found.append(Mention(start=start, end=start + len(name), text=name, kind=kind, entity=name))
            start = text.find(name, start + 1)
    return sorted(found, key=lambda one: one.start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"It burns," Ida Brekke said.', [("It burns,", "Ida Brekke", "said")]),
        ("“It burns,” said Ida Brekke.", [("It burns,", "Ida Brekke", "said")]),
        ('Ida Brekke told Tom Aske: "It burns."', [("It burns.", "Ida Brekke", "told")]),
        ('The light is out, said Brekke. "It burns no more." It rained.', [("It burns no more.", "Brekke", "said")]),
        (
            '"It burns," Brekke continued. "It warms."',
            [("It burns,", "Brekke", "continued"), ("It warms.", "Brekke", "continued")],
        ),
        ('Ida Brekke has described Tom Aske as a "fool".', [("fool", "Ida Brekke", "described")]),
        ('Brekke: the light is "ours"', [("ours", "Brekke", None)]),
        ('Critics call it "a ruin". Brekke left.', [("a ruin", None, "call")]),
        ("«It burns», said Tom Aske.", [("It burns", "Tom Aske", "said")]),
        ("„It burns“, said Tom Aske.", [("It burns", "Tom Aske", "said")]),
        ("‘It burns,’ Tom Aske said, and didn’t stay.", [("It burns,", "Tom Aske", "said")]),
        ("It's Brekke's and the boys' boat.", []),
        ('The mast is 6" wide, and 8" long.', []),
        ('"It burns.\nAnd warms," said Brekke.', []),
        ("", []),
    ],
)
def test_who_said_what(text: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    quotes = find_quotes(text, names_in(text), "en")
    assert [(quote.text, quote.speaker, quote.cue) for quote in quotes] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "艾达说:“我们将继续合作。”发言人表示,“反对制裁。”联合国称“很好”并且离开。",
            ["我们将继续合作。", "反对制裁。", "很好"],
        ),
        ("艾达說:「我們『很好』將繼續。」然後離開。", ["我們『很好』將繼續。"]),
        ("艾達は「とても良い」と述べた。", ["とても良い"]),
        ('艾达说:"很好"并且离开,又说"再见"。', ["很好", "再见"]),
        ("เขากล่าวว่า“ดีมาก”แล้วจากไป", ["ดีมาก"]),
        ("Ida O”Brekke and 6“by 8”x", []),
    ],
)
def test_words_need_no_blanks_around_the_marks(text: str, expected: list[str]) -> None:
    assert [quote.text for quote in find_quotes(text, (), "zh")] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Компания «Севермор» сократит рейсы.", []),
        ("«Севермор» сократит рейсы.", []),
        ("«Горит», — заявила компания «Севермор Лайн».", ["Горит"]),
        ("Директор сказал: «Горит».", ["Горит"]),
        ("Она назвала это «ерундой».", ["ерундой"]),
    ],
)
def test_a_name_in_marks_is_no_quotation_in_russian(text: str, expected: list[str]) -> None:
    assert [quote.text for quote in find_quotes(text, (), "ru")] == expected


@given(st.text(alphabet='"“”„«»‘’ aB.好\n', max_size=60))
def test_offsets_are_exact(text: str) -> None:
    quotes = find_quotes(text, names_in(text), "en")
    assert all(text[quote.start : quote.end] == quote.text for quote in quotes)
    assert all(first.end <= second.start for first, second in pairwise(quotes))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", 'Ida Brekke left. "It burns," she said.', ["Ida Brekke"]),
        ("en", 'Tom Aske met Ida Brekke. "It burns," she said.', ["Ida Brekke"]),
        ("en", 'Mayor Ida Brekke met Tom Aske. "It burns," said the mayor.', ["Ida Brekke"]),
        ("en", 'Ida Brekke, 33, left. "It burns," the 33-year-old said.', ["Ida Brekke"]),
        ("en", 'Ida Brekke left. "It burns," one neighbour said.', [None]),
        ("en", '"It burns," said a friend of Ida Brekke.', [None]),
        ("en", '"It burns," said Tom Aske\'s neighbour.', [None]),
        ("en", '"It burns," said the head of the board, Ida Brekke.', ["Ida Brekke"]),
        ("en", 'Ida Brekke, who beat Tom Aske in 2016, said: "It burns."', ["Ida Brekke"]),
        ("en", 'The lamp was described by Tom Aske as "dead".', ["Tom Aske"]),
        ("en", '"It burns," Ida Brekke said, "and it warms."', ["Ida Brekke", "Ida Brekke"]),
        ("en", 'Ida Brekke said: "It burns.\n\n"It warms."', ["Ida Brekke", "Ida Brekke"]),
        ("en", '"It burns.\n\n"It warms," said Ida Brekke.', ["Ida Brekke", "Ida Brekke"]),
        (
            "en",
            '"Does it burn?" Tom Aske asked Ida Brekke.\n\n"It does," she replied.\n\n"Since when?"',
            ["Tom Aske", "Ida Brekke", "Tom Aske"],
        ),
        ("en", 'Tom Aske directed "The Salt Road". "It burns," he said.', [None, "Tom Aske"]),
        ("en", 'According to Ida Brekke, Tom Aske shouted "fire" twice.', ["Tom Aske"]),
        ("en", 'When Tom Aske was asked about Ida Brekke, he laughed: "She is the boss."', ["Tom Aske"]),
        ("en", 'Tom Aske accused Ida Brekke of "betrayal", a charge she called "absurd".', ["Tom Aske", "Ida Brekke"]),
        ("en", 'The term "fake lamp" was coined by nobody, Tom Aske said.', [None]),
        ("en", 'Tom Aske said the so-called "winter plan" was dead.', [None]),
        ("en", '"It burns," said Dr. Ida Brekke.', ["Ida Brekke"]),
        ("en", '"It burns," added Gov. Tom Aske.', ["Tom Aske"]),
        ("fr", "« Ça brûle », a dit M. Brekke.", ["Brekke"]),
        ("en", 'In Norhaven on Monday J.K. Orrin said: "It burns."', ["J.K. Orrin"]),
        ("en", 'Tom Aske left the U.S. The mayor, Ida Brekke, said: "It burns."', ["Ida Brekke"]),
        ("en", 'According to Skerry Bank analyst Ida Brekke, "it burns".', ["Ida Brekke"]),
        ("en", '"It burns," said Skerry Bank chief economist Ida Brekke.', ["Ida Brekke"]),
        ("en", '"It burns," Skerry Bank analyst Ida Brekke said.', ["Ida Brekke"]),
        ("en", '"It burns," said Skerry Bank, whose head is Ida Brekke.', ["Skerry Bank"]),
        ("en", 'Tom Aske left.\n\nA spokesman for Skerry Lines declined to comment. "It burns," he said.', [None]),
        ("en", 'A spokesman for Ida Brekke declined to comment. "It burns," she said.', ["Ida Brekke"]),
        ("en", 'A former coach, Tom Aske left. "It burns," he said.', ["Tom Aske"]),
        ("ru", "«Горит», — заявила во вторник директор Ida Brekke.", ["Ida Brekke"]),
        ("fr", "« Ça brûle », a déclaré mardi la directrice, Ida Brekke.", ["Ida Brekke"]),
        ("en", '"It burns," said on Monday the head of the board, Ida Brekke.', ["Ida Brekke"]),
        ("en", '"It burns," Tom Aske was told by Ida Brekke.', ["Ida Brekke"]),
        ("en", '"It burns," Tom Aske was told.', [None]),
        ("en", '"It burns," Tom Aske was quoted as saying.', ["Tom Aske"]),
        ("en", '"It burns," she laughed. Tom Aske left.', [None]),
        ("de", "Tom Aske kam. „Es brennt“, sagte er.", ["Tom Aske"]),
        ("fr", "Ida Brekke est partie. « Ça brûle, explique-t-elle, et ça chauffe. »", ["Ida Brekke"]),
        ("es", "Ida Brekke llegó. «Arde», dijo en la radio.", ["Ida Brekke"]),
        ("it", "«Brucia», ha detto Ida Brekke.", [None]),
    ],
)
def test_who_is_meant(language: str, text: str, expected: list[str | None]) -> None:
    assert [quote.speaker for quote in find_quotes(text, names_in(text), language)] == expected


@pytest.mark.parametrize(
    ("text", "venue", "is_partial"),
    [
        ('"It burns," Ida Brekke said on Radio Norhaven.', "Radio Norhaven", False),
        ('"It burns," Ida Brekke told reporters.', "reporters", False),
        ('"It burns," Ida Brekke told Tom Aske.', None, False),
        ('Ida Brekke wrote on X: "It burns."', "X", False),
        ('In an interview with the Norhaven Courier, Ida Brekke called it "dead".', "Norhaven Courier", True),
        ('Ida Brekke said in a letter that it was "dead".', "letter", True),
        ('"It burns," Ida Brekke said.', None, False),
    ],
)
def test_where_it_was_said(text: str, venue: str | None, is_partial: bool) -> None:  # noqa: FBT001 - a column of the table
    [quote] = find_quotes(text, names_in(text), "en")
    assert (quote.venue, quote.is_partial) == (venue, is_partial)
