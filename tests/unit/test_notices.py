"""A change is told from a notice by how much of the article is left, in any language."""

import pytest

from pipeline.model.fate import Reason
from pipeline.versions.notices import MOST_NOTICE, judge_change

HEADLINE = "Harbour council approves second ferry terminal"
TEXT = "\n\n".join(
    f"Councillor {name} said on day {day} that the terminal at berth {day * 3} needs {day * 11} piles and a longer quay."
    for day, name in enumerate(
        ["Anna", "Bert", "Cora", "Dov", "Edda", "Finn", "Gita", "Hugo", "Ines", "Jan", "Kai", "Lea"]
    )
)
NOTICES = {
    "en": (
        "Article removed",
        "This report has been taken down on legal advice. We apologise to all who were named in it.",
    ),
    "de": ("Beitrag entfernt", "Dieser Beitrag wurde aus rechtlichen Gründen entfernt. Wir bitten um Entschuldigung."),
    "ru": ("Материал удалён", "Этот материал удалён по решению редакции. Приносим извинения всем, кого он затронул."),
    "ar": ("حذف المقال", "حُذف هذا المقال بقرار من هيئة التحرير، ونعتذر لقرائنا ولكل من ورد اسمه فيه."),
    "zh": ("文章已删除", "本文因法律原因已被编辑部删除。我们向读者以及报道中提到的所有人致歉,感谢您的理解与支持。"),
}


def judge(headline: str, text: str, old_text: str = TEXT) -> Reason | None:
    verdict = judge_change(headline, text, old_headline=HEADLINE, old_text=old_text)
    return verdict[0] if verdict else None


@pytest.mark.parametrize("language", NOTICES)
def test_a_notice_is_told_in_any_language(language: str) -> None:
    headline, text = NOTICES[language]
    assert judge(headline, text) is Reason.REMOVED
    assert judge(HEADLINE, text) is Reason.TOO_SHORT
    assert judge(f"{headline}: {HEADLINE}", text) is Reason.TOO_SHORT


@pytest.mark.parametrize(
    ("headline", "text"),
    [
        ("Another headline", TEXT.replace("said", "told us")),  # edited
        ("Another headline", TEXT[:150]),  # cut off
        ("Correction: the ferry terminal", f"An earlier version was wrong. {TEXT[:120]}"),  # corrected and cut
        (
            "Another headline",
            "A second report, by another hand, on something else altogether. " * 14,
        ),  # no notice is so long
    ],
)
def test_a_changed_article_is_a_new_version(headline: str, text: str) -> None:
    assert judge(headline, text) is None


def test_a_flash_that_is_written_anew_is_a_new_version() -> None:
    assert judge(*NOTICES["en"], old_text="Three piles were driven at berth nine before the tide came in.") is None


def test_a_long_article_has_no_long_notice() -> None:
    strange = "".join(chr(0x4E00 + at) for at in range(MOST_NOTICE + 1))
    assert judge("新", strange, old_text=TEXT * 20) is None
    assert judge("新", strange[:-1], old_text=TEXT * 20) is Reason.REMOVED
