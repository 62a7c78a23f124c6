"""The text decides its language; a declaration helps short texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich.language import decide_language, normalise_tag

ENGLISH = "The council voted on Tuesday to rebuild the old lighthouse, and the fishermen were glad of it. " * 4


@pytest.mark.parametrize(
    ("text", "declared", "expected"),
    [
        (ENGLISH, None, "en"),
        (ENGLISH, "de-DE", "en"),
        ("Der Rat hat am Dienstag beschlossen, den alten Leuchtturm neu zu bauen.", None, "de"),
        ("Le conseil a décidé mardi de reconstruire le vieux phare de la ville.", "fr", "fr"),
        ("Совет города решил во вторник восстановить старый маяк у входа в гавань.", None, "ru"),
        ("议会周二投票决定重建这座古老的灯塔，渔民们对此感到高兴。", None, "zh"),
        ("Lighthouse", "nb-NO", "no"),
        ("", None, "und"),
        ("", "pt_BR", "pt"),
        ("2024 12 31 17:00", None, "und"),
    ],
)
def test_the_text_decides(text: str, declared: str | None, expected: str) -> None:
    assert decide_language(text, declared) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("en-GB", "en"), ("PT_br", "pt"), ("iw", "he"), ("nn", "no"), ("x", None), ("", None), (None, None)],
)
def test_tags_are_reduced_to_the_language(tag: str | None, expected: str | None) -> None:
    assert normalise_tag(tag) == expected


@given(st.text(max_size=300), st.none() | st.text(max_size=8))
def test_any_text_has_an_answer(text: str, declared: str | None) -> None:
    assert decide_language(text, declared)
