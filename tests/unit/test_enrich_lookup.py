"""Known places and bodies in languages without a model: few, but right."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.enrich.lookup import find_known
from pipeline.enrich.places import load_gazetteer
from pipeline.model.entity import Kind

PLACE, BODY = Kind.PLACE, Kind.ORGANIZATION


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "de",
            "Berlin und die EU sprechen über Deutschlands Rolle, auch mit Teheran.",
            [("Berlin", PLACE), ("EU", BODY), ("Deutschland", PLACE), ("Teheran", PLACE)],
        ),
        ("de", "Das Essen war gut. Jack London las, und die Universität Berlin schwieg.", []),
        ("pl", "Warszawa rozmawia z ONZ.", [("Warszawa", PLACE), ("ONZ", BODY)]),
        (
            "uk",
            "Делегація НАТО полетіла до Берліна. Україна чекає.",
            [("НАТО", BODY), ("Берлін", PLACE), ("Україна", PLACE)],
        ),
        ("el", "Στην Αθήνα μίλησε για την Ευρωπαϊκή Ένωση", [("Αθήνα", PLACE), ("Ευρωπαϊκή Ένωση", BODY)]),
        (
            "ar",
            "سافر إلى القاهرة وبغداد مع الأمم المتحدة",
            [("القاهرة", PLACE), ("بغداد", PLACE), ("الأمم المتحدة", BODY)],
        ),
        ("fa", "رئیس جمهور در تهران با مقامات سازمان ملل دیدار کرد", [("تهران", PLACE), ("سازمان ملل", BODY)]),
        ("he", "הוא אמר זאת ברוסיה ובאו״ם", [("רוסיה", PLACE), ("או״ם", BODY)]),
        ("zh", "联合国秘书长在北京会见了伊朗外长", [("联合国", BODY), ("北京", PLACE), ("伊朗", PLACE)]),
        ("ja", "国連事務総長は東京でイランの外相と会談した", [("国連", BODY), ("東京", PLACE), ("イラン", PLACE)]),
        ("ko", "유엔 사무총장은 서울에서 회담했다", [("유엔", BODY), ("서울", PLACE)]),
        ("hi", "दिल्ली में संयुक्त राष्ट्र", [("दिल्ली", PLACE), ("संयुक्त राष्ट्र", BODY)]),
    ],
)
def test_known_names(language: str, text: str, expected: list[tuple[str, Kind]]) -> None:
    found = find_known(text, language, load_gazetteer())
    assert [(mention.text, mention.kind) for mention in found] == expected
    assert all(text[mention.start : mention.end] == mention.text for mention in found)


@given(
    st.sampled_from(["de", "ru", "zh", "ar", "ko", "hi", "xx"]),
    st.lists(
        st.sampled_from(["Berlin", " ", "北京", "بغداد", "EU", "\n", "-", "ООН", "서울에서", "\x00"])
        | st.text(max_size=8)
    ).map("".join),
)
@settings(deadline=None)
def test_any_text_has_exact_offsets(language: str, text: str) -> None:
    found = find_known(text, language, load_gazetteer())
    assert all(text[mention.start : mention.end] == mention.text for mention in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
