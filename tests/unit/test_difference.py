"""What changed between two forms of an article."""

from random import Random
from typing import Any

import pytest

from pipeline.model.version import Difference, Edit, EditKind
from pipeline.versions.difference import compare_forms, compare_texts

KEPT, ADDED, REMOVED = EditKind


def a_form(text: str = "The tower fell.", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a document
    empty: dict[str, Any] = {"people": [], "organizations": [], "places": [], "quotes": []}
    return {"text": text, "headline": "A tower fell", "language": "en", **empty, **fields}


def test_nothing_changed() -> None:
    assert compare_forms(a_form(), a_form()) == Difference()


def test_words_are_compared_within_the_paragraphs_that_changed() -> None:
    before, after = "One.\n\nEleven people were hurt on Monday.\n\nLast.", "One.\n\nTwelve people were hurt.\n\nLast."
    edits = list(compare_texts(before, after))
    assert edits == [
        Edit(kind=KEPT, text="One.\n"),
        Edit(kind=REMOVED, text="Eleven"),
        Edit(kind=ADDED, text="Twelve"),
        Edit(kind=KEPT, text="people were"),
        Edit(kind=REMOVED, text="hurt on Monday."),
        Edit(kind=ADDED, text="hurt."),
        Edit(kind=KEPT, text="\nLast."),
    ]
    difference = compare_forms(a_form(before), a_form(after))
    assert difference == Difference(added=("Twelve", "hurt."), removed=("Eleven", "hurt on Monday."), size=6)


def test_what_else_changed_is_named() -> None:
    quote = {"text": "We saw it fall"}
    before = a_form(
        people=["Ana Ruiz", "Jon Lee"], places=["Faro"], quotes=[quote], published="2026-11-23T10:00:00+00:00"
    )
    after = a_form(people=["Jon Lee"], headline="The tower fell", published="2026-11-23T11:00:00+00:00")
    assert compare_forms(before, after) == Difference(
        headline_changed=True,
        date_moved=True,
        entities_dropped=("Ana Ruiz", "Faro"),
        quotes_dropped=("We saw it fall",),
    )


@pytest.mark.parametrize(
    ("language", "note"),
    [
        ("en", "Correction: eleven people were hurt."),
        ("en", "An earlier version of this article misstated the number."),
        ("de", "Korrektur: Es waren elf."),
        ("fr", "Rectificatif : ils étaient onze."),
        ("ru", "Уточнение: одиннадцать."),
    ],
)
def test_a_new_note_of_correction_is_told(language: str, note: str) -> None:
    text = "The tower fell."
    corrected = a_form(f"{text}\n\n{note}", language=language)
    assert compare_forms(a_form(text, language=language), corrected).is_correction
    assert not compare_forms(corrected, a_form(f"Twelve. {text}\n\n{note}", language=language)).is_correction
    assert not compare_forms(corrected, a_form(text, language=language)).is_correction


def test_a_text_that_came_or_went_as_a_whole() -> None:
    assert compare_forms(a_form(""), a_form("Two words")) == Difference(added=("Two words",), size=2)
    assert compare_forms(a_form("Two words"), a_form("")) == Difference(removed=("Two words",), size=2)


def test_a_huge_passage_is_taken_for_rewritten() -> None:
    before, after = " ".join(f"a{n}" for n in range(3000)), " ".join(f"b{n}" for n in range(3000))
    assert compare_forms(a_form(before), a_form(after)) == Difference(added=(after,), removed=(before,), size=6000)


@pytest.mark.parametrize("separator", [" ", "\n"])
def test_words_or_lines_that_come_over_and_over_are_taken_for_rewritten(separator: str) -> None:
    # A table of few values in another order: aligning all of it would take minutes.
    before = separator.join(["Scores", *(f"{n % 7}" for n in range(5000)), "End."])
    after = separator.join(["Scores", *(f"{n % 5}" for n in range(1, 5001)), "End."])
    edits = list(compare_texts(before, after))
    assert [edit.kind for edit in edits] == [KEPT, REMOVED, ADDED, KEPT]
    assert (edits[0].text, edits[-1].text) == ("Scores", "End.")


def test_one_line_of_very_many_like_it_is_found() -> None:
    lines = ["Goal!"] * 5000
    assert compare_forms(a_form("\n".join(lines)), a_form("\n".join([*lines, "Final whistle."]))) == Difference(
        added=("Final whistle.",), size=2
    )


def test_both_texts_can_be_read_from_the_edits() -> None:
    random = Random(7)
    for _ in range(100):
        before, after = (
            "".join(random.choice(("a ", "b ", "c ", "d\n")) for _ in range(random.randrange(30))) for _ in range(2)
        )
        edits = list(compare_texts(before, after))
        for text, other in ((before, ADDED), (after, REMOVED)):
            assert " ".join(edit.text for edit in edits if edit.kind is not other).split() == text.split()
