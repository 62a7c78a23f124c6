"""Datelines are read out in the forms of many agencies, and nothing else is taken for one."""

from datetime import UTC, datetime

import pytest

from pipeline.extract.dateline import complete_byline, find_dateline
from pipeline.model.article import Byline
from pipeline.model.evidence import Precision, Timestamp

PUBLISHED = Timestamp(raw="x", value=datetime(2023, 3, 14, 9, tzinfo=UTC), source="x")


@pytest.mark.parametrize(
    ("text", "place", "day", "agency"),
    [
        ("TEHRAN, March 13 (Agency) — Iran and", "TEHRAN", "03-13", "Agency"),
        ("TEHRAN, March 13 (Reuters) - Iran and", "TEHRAN", "03-13", "Reuters"),
        ("MINSK (Agency) - The president", "MINSK", None, "Agency"),
        ("MINSK (AP) — The president", "MINSK", None, "AP"),
        ("Berlin, 13. März (Agentur) – Der Rat", "Berlin", "03-13", "Agentur"),
        ("Berlin (dpa) - Der Rat", "Berlin", None, "dpa"),
        ("Berlin/Paris (dpa) - Der Rat", "Berlin", None, "dpa"),
        ("Berlin (dpa/lsw) - Der Rat", "Berlin", None, "dpa"),
        ("(dpa) Der Rat hat", None, None, "dpa"),
        ("(dpa) - Der Rat hat", None, None, "dpa"),
        ("dpa - Der Rat hat", None, None, "dpa"),
        ("PARIS, le 13 mars (AFP) - Le conseil", "PARIS", "03-13", "AFP"),
        ("Paris (AFP) – Le conseil", "Paris", None, "AFP"),
        ("北京3月13日电 市议会", "北京", "03-13", None),
        ("新华社北京3月13日电（记者张三）市议会", "北京", "03-13", "Xinhua"),
        ("中新网北京3月13日电 (记者 张三) 市议会", "北京", "03-13", "China News Service"),
        ("（中央社記者王小明台北13日電）市議會", "台北", "03-13", "CNA"),
        ("【北京＝山田太郎】市議会は", "北京", None, None),
        ("【ワシントン共同】市議会は", "ワシントン", None, "Kyodo"),
        ("［東京 13日 ロイター］ - 市議会は", "東京", "03-13", "Reuters"),
        ("(서울=연합뉴스) 홍길동 기자 = 시의회는", "서울", None, "Yonhap"),
        ("[서울=뉴시스] 홍길동 기자 = 시의회는", "서울", None, "Newsis"),
        ("МОСКВА, 13 мар – АГЕНТСТВО. Совет", "МОСКВА", "03-13", None),
        ("МОСКВА, 13 мар – РИА Новости. Совет", "МОСКВА", "03-13", "RIA Novosti"),
        ("МОСКВА, 13 марта. /ТАСС/. Совет порта", "МОСКВА", "03-13", "TASS"),
        ("КИЕВ. 13 марта. Интерфакс-Украина - Совет", "КИЕВ", "03-13", "Interfax-Ukraine"),
        ("Madrid, 13 mar (EFE).- El consejo", "Madrid", "03-13", "EFE"),
        ("Lisboa, 13 mar 2023 (Lusa) - O conselho", "Lisboa", "03-13", "Lusa"),
        ("(ANSA) - ROMA, 13 MAR - Il consiglio", "ROMA", "03-13", "ANSA"),
        ("ANKARA (AA) - Konsey", "ANKARA", None, "Anadolu"),
        ("Warszawa, 13.03.2023 (PAP) - Rada", "Warszawa", "03-13", "PAP"),
        ("BEIJING, March 13 (Xinhua) -- The council", "BEIJING", "03-13", "Xinhua"),
        ("WASHINGTON, D.C. (AP) — The council", "WASHINGTON", None, "AP"),
        ("NEW YORK — The council", "NEW YORK", None, None),
        ("ST. LOUIS (AP) — The council", "ST. LOUIS", None, "AP"),
        ("طهران (رويترز) - قال", "طهران", None, "Reuters"),
        ("नई दिल्ली, 13 मार्च (भाषा)। परिषद ने", "नई दिल्ली", "03-13", "PTI-Bhasha"),
        ("Hà Nội (TTXVN) – Hội đồng", "Hà Nội", None, "VNA"),
        ("STOCKHOLM (TT) Rådet", "STOCKHOLM", None, "TT"),
        ("Praha 13. března (ČTK) - Rada", "Praha", "03-13", "ČTK"),
        ("Bucureşti, 13 mar /Agerpres/ - Consiliul", "Bucureşti", "03-13", "Agerpres"),
        ("Kolkata, Mar 13 (PTI) The council", "Kolkata", "03-13", "PTI"),
        ("LONDON, Monday — The council", "LONDON", None, None),
    ],
)
def test_place_day_and_agency_are_read_out(text: str, place: str | None, day: str | None, agency: str | None) -> None:
    dateline = find_dateline([text], PUBLISHED)
    assert dateline is not None
    date = dateline.date.value.strftime("%m-%d") if dateline.date else None
    assert (dateline.place, date, dateline.agency) == (place, day, agency)
    assert text.startswith(dateline.raw)


@pytest.mark.parametrize(
    "text",
    [
        "The council voted (AP) - hm",
        "Angela Merkel (CDU) - die frühere Kanzlerin",
        "Hans Müller (48) – seit Jahren Wirt",
        "EXCLUSIVE — The council",
        "Der Rat hat am Montag – wie erwartet – beschlossen.",
        "Iran and the former Soviet republic of Belarus want to expand.",
        "U.S. - China relations",
        "Interview: Ida Brekke",
        "“We will,” he said – and did.",
        "Nein. Das Licht bleibt.",
        "Seit 2019 - und bis heute",
        "【速報】市議会は",
        "Am 13. März 2023 – dem Tag",
        "Berlin - Der Rat",
        "Mr. Smith - the mayor",
    ],
)
def test_nothing_else_is_a_dateline(text: str) -> None:
    assert find_dateline([text], PUBLISHED) is None


def test_the_year_is_that_of_the_publication_or_the_one_before() -> None:
    january = Timestamp(raw="x", value=datetime(2023, 1, 1, tzinfo=UTC), source="x")
    dateline = find_dateline(["MINSK, December 31 (Reuters) - The"], january)
    assert dateline is not None
    assert dateline.date is not None
    assert (dateline.date.value.isoformat()[:10], dateline.date.precision) == ("2022-12-31", Precision.DAY)
    untold = find_dateline(["MINSK, December 31 (Reuters) - The"], None)
    assert untold is not None
    assert untold.date is None


def test_what_the_text_tells_completes_the_byline() -> None:
    paragraphs = ["(북항=연합뉴스) 홍길동 기자 = 시의회는"]
    byline = complete_byline(Byline(), find_dateline(paragraphs, None), paragraphs)
    assert (byline.authors, byline.agency, byline.source) == (("홍길동",), "Yonhap", "page:dateline")
    signed = complete_byline(
        Byline(authors=("Ida Brekke",)), None, ["Der Rat stimmt zu.", "Mehr am Dienstag. (dpa/lno)"]
    )
    assert (signed.authors, signed.agency) == (("Ida Brekke",), "dpa")
    assert complete_byline(Byline(), None, ["He voted (twice)."]).agency is None
