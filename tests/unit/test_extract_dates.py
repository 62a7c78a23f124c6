"""Times are read as written, and the best believable candidate wins."""

from datetime import UTC, datetime

import pytest

from pipeline.extract.dates import modified_at, published_at
from pipeline.extract.facts import Facts, gather_facts
from pipeline.extract.page import read_page
from pipeline.extract.times import parse_timestamp
from pipeline.model.capture import Capture
from pipeline.model.evidence import Precision, Timestamp

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def facts_of(html: str, url: str = "https://courier.example/a") -> Facts:
    capture = Capture(url=url, final_url=url, fetched_at=NOW, status=200, body=html.encode())
    return gather_facts(read_page(capture), None)


@pytest.mark.parametrize(
    ("raw", "language", "expected", "precision", "has_offset"),
    [
        ("2023-03-13T14:05:00+01:00", None, "2023-03-13T14:05:00+01:00", "minute", True),
        ("2023-03-13T14:05:00.123Z", None, "2023-03-13T14:05:00+00:00", "minute", True),
        ("2023-03-13 14:05", None, "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023-03-13T14:05-0330", None, "2023-03-13T14:05:00-03:30", "minute", True),
        ("2023-03-13", None, "2023-03-13T00:00:00+00:00", "day", False),
        ("20230313T140500Z", None, "2023-03-13T14:05:00+00:00", "minute", True),
        ("20230313", None, "2023-03-13T00:00:00+00:00", "day", False),
        ("1678712700", None, "2023-03-13T13:05:00+00:00", "minute", True),
        ("1678712700000", None, "2023-03-13T13:05:00+00:00", "minute", True),
        ("Mon, 13 Mar 2023 14:05:00 GMT", None, "2023-03-13T14:05:00+00:00", "minute", True),
        ("13.03.2023, 14:05 Uhr", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. März 2023 um 14.05 Uhr MEZ", "de", "2023-03-13T14:05:00+01:00", "minute", True),
        ("March 13, 2023 2:05 p.m. EDT", "en", "2023-03-13T14:05:00-04:00", "minute", True),
        ("Updated: 12:10 AM, Mar 3 2023", "en", "2023-03-03T00:10:00+00:00", "minute", False),
        ("14:05, 13 March 2023", "en", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Mon Mar 13 2023 14:05:00 GMT+0100 (CET)", "en", "2023-03-13T14:05:00+01:00", "minute", True),
        ("입력 2023.03.13. 오후 2:05", "ko", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年3月13日 下午2:05", "zh", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年3月13日 14時05分", "ja", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Veröffentlicht am 2023-03-13 14:05", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 Μαρτίου 2023, 14:05", "el", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. ožujka 2023. 14:05", "hr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 Maret 2023 14:05 WIB", "id", "2023-03-13T14:05:00+07:00", "minute", True),
        ("13 de marzo de 2023", "es", "2023-03-13T00:00:00+00:00", "day", False),
        ("1er mars 2023 à 14h05", "fr", "2023-03-01T14:05:00+00:00", "minute", False),
        ("13 марта 2023, 14:05", "ru", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年3月13日 14:05", "ja", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Stand: 13.03.2023, 14:05 Uhr", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Stand: 13.03.23, 14:05 Uhr", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13.3.2023 | 14.05 Uhr", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Montag, 13.03.2023   14:05", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Veröffentlicht: 13. März 2023, 14:05 Uhr", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. Mrz. 2023 - 14:05", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Publié le 13 mars 2023 à 14h05", "fr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Publié le 13/03/2023 à 14:05", "fr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Publié le lundi 13 mars 2023 à 14 h 05", "fr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("le 13 mars 2023 à 14 heures 05", "fr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Actualizado 13/03/2023 14:05 CET", "es", "2023-03-13T14:05:00+01:00", "minute", True),
        ("13 MAR 2023 - 14:05 CET", "es", "2023-03-13T14:05:00+01:00", "minute", True),
        ("13 de marzo de 2023 a las 14:05 h", "es", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 mar. 2023 14:05 h.", "es", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 de março de 2023 às 14h05", "pt", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13/03/2023 14h05", "pt", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. maaliskuuta 2023 klo 14.05", "fi", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13.3.2023 klo 14.05", "fi", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Julkaistu 13.3.2023 14:05", "fi", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年3月13日(月) 14時05分", "ja", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023/03/13 14:05", "ja", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年03月13日14:05", "zh", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023-03-13 14:05:30", "zh", "2023-03-13T14:05:30+00:00", "minute", False),
        ("発表日 2023年3月13日 午後2時5分", "ja", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年3月13日 14時5分", "ja", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023.03.13 14:05", "ko", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023년 3월 13일 오후 2시 5분", "ko", "2023-03-13T14:05:00+00:00", "minute", False),
        ("승인 2023.03.13 14:05", "ko", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Pzt, 13 Mart 2023", "tr", "2023-03-13T00:00:00+00:00", "day", False),
        ("13 Mart 2023 Pazartesi 14:05", "tr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13.03.2023 - 14:05", "tr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Giriş Tarihi: 13.03.2023 14:05", "tr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 مارس 2023 14:05", "ar", "2023-03-13T14:05:00+00:00", "minute", False),
        ("الاثنين 13 مارس 2023 - 14:05", "ar", "2023-03-13T14:05:00+00:00", "minute", False),
        ("١٣ مارس ٢٠٢٣ - ١٤:٠٥", "ar", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 آذار 2023", "ar", "2023-03-13T00:00:00+00:00", "day", False),
        ("13 مارس 2023 02:05 م", "ar", "2023-03-13T14:05:00+00:00", "minute", False),
        ("انتشار: ۱۳ مارس ۲۰۲۳", "fa", "2023-03-13T00:00:00+00:00", "day", False),
        ("۲۲ اسفند ۱۴۰۱ - ۱۴:۰۵", "fa", "2023-03-13T14:05:00+00:00", "minute", False),
        ("۱۴۰۱/۱۲/۲۲ ۱۴:۰۵", "fa", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 במרץ 2023, 14:05", "he", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 מרץ 2023", "he", "2023-03-13T00:00:00+00:00", "day", False),
        ("13/03/2023 14:05", "he", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 मार्च 2023, 02:05 PM IST", "hi", "2023-03-13T14:05:00+05:30", "minute", True),
        ("१३ मार्च २०२३", "hi", "2023-03-13T00:00:00+00:00", "day", False),
        ("Mon, 13 Mar 2023 02:05 PM (IST)", "hi", "2023-03-13T14:05:00+05:30", "minute", True),
        ("Updated: 13 March 2023 02:05 PM IST", "en", "2023-03-13T14:05:00+05:30", "minute", True),
        ("March 13, 2023 / 2:05 PM EDT", "en", "2023-03-13T14:05:00-04:00", "minute", True),
        ("Mon 13 Mar 2023 14.05 GMT", "en", "2023-03-13T14:05:00+00:00", "minute", True),
        ("March 13, 2023 at 2:05 p.m.", "en", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13th March 2023", "en", "2023-03-13T00:00:00+00:00", "day", False),
        ("13 มีนาคม 2566 14:05 น.", "th", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 มี.ค. 2566 14:05 น.", "th", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13/03/2023 14:05 GMT+7", "vi", "2023-03-13T14:05:00+07:00", "minute", True),
        ("Thứ hai, 13/3/2023, 14:05 (GMT+7)", "vi", "2023-03-13T14:05:00+07:00", "minute", True),
        ("13 tháng 3, 2023", "vi", "2023-03-13T00:00:00+00:00", "day", False),
        ("Senin, 13 Maret 2023 14:05 WIB", "id", "2023-03-13T14:05:00+07:00", "minute", True),
        ("13 Mar 2023, 14:05 WIB", "id", "2023-03-13T14:05:00+07:00", "minute", True),
        ("13 березня 2023, 14:05", "uk", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13.03.2023, 14:05", "uk", "2023-03-13T14:05:00+00:00", "minute", False),
        ("14:05, 13 березня 2023", "uk", "2023-03-13T14:05:00+00:00", "minute", False),
        ("14:05 13.03.2023", "ru", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 марта 2023 г. 14:05 МСК", "ru", "2023-03-13T14:05:00+03:00", "minute", True),
        ("13 марта 2023 в 14:05", "ru", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13.03.2023 14:05 (обновлено: 15:00 13.03.2023)", "ru", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Δευτέρα, 13 Μαρτίου 2023 14:05", "el", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 ΜΑΡ 2023 | 14:05", "el", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13.03.2023 • 14:05", "el", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 Μαρ 2023", "el", "2023-03-13T00:00:00+00:00", "day", False),
        ("13. března 2023 14:05", "cs", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. 3. 2023 14:05", "cs", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. 03. 2023 o 14:05", "sk", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 marca 2023, 14:05", "pl", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13.03.2023 14:05", "pl", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023. március 13. 14:05", "hu", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023.03.13. 14:05", "hu", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023. márc. 13., hétfő, 14:05", "hu", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 martie 2023, 14:05", "ro", "2023-03-13T14:05:00+00:00", "minute", False),
        ("luni, 13 mar. 2023, 14:05", "ro", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 март 2023 г., 14:05", "bg", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 марта 2023", "bg", "2023-03-13T00:00:00+00:00", "day", False),
        ("13. ožujka 2023. u 14:05", "hr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. mart 2023. 14:05", "sr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13.03.2023. u 14:05", "sr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. marts 2023 kl. 14.05", "da", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. mar. 2023 KL. 14.05", "da", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Publisert 13. mars 2023 kl. 14:05", "no", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Publicerad 13 mars 2023 14.05", "sv", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Publicerad 2023-03-13 14.05", "sv", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023-03-13 kl. 14:05", "sv", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 maart 2023 om 14:05", "nl", "2023-03-13T14:05:00+00:00", "minute", False),
        ("ma 13 mrt 2023, 14:05", "nl", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13-03-2023 14:05", "nl", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13-03-23, 14:05", "nl", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 marzo 2023 alle 14:05", "it", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 marzo 2023 (modifica il 14 marzo 2023 | 08:00)", "it", "2023-03-13T00:00:00+00:00", "day", False),
        ("13 Marzo 2023 - 14:05", "it", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 mar 2023 ore 14:05", "it", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023 m. kovo 13 d. 14:05", "lt", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023. gada 13. marts, 14:05", "lv", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. märts 2023, 14:05", "et", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 de març del 2023, a les 14:05", "ca", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13/03/2023 a las 14:05", "es", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 marzec 2023", "pl", "2023-03-13T00:00:00+00:00", "day", False),
        ("2023-03-13T14:05:00+0200", None, "2023-03-13T14:05:00+02:00", "minute", True),
        ("2023-03-13T14:05:00.000+0200", None, "2023-03-13T14:05:00+02:00", "minute", True),
        ("2023-03-13T14:05:00+02", None, "2023-03-13T14:05:00+02:00", "minute", True),
        ("2023-03-13T14:05:00 +0200", None, "2023-03-13T14:05:00+02:00", "minute", True),
        ("2023-03-13T14:05:00 02:00", None, "2023-03-13T14:05:00+02:00", "minute", True),
        ("2023-03-13 14:05:00 UTC", None, "2023-03-13T14:05:00+00:00", "minute", True),
        ("2023-03-13T14:05Z", None, "2023-03-13T14:05:00+00:00", "minute", True),
        ("2023-3-13T4:05:00Z", None, "2023-03-13T04:05:00+00:00", "minute", True),
        ("Mon Mar 13 14:05:00 CET 2023", None, "2023-03-13T14:05:00+01:00", "minute", True),
        ("Mon, 13 Mar 2023 14:05:00 +0100", None, "2023-03-13T14:05:00+01:00", "minute", True),
        ("2023-03-13T14:05:00+01:00[Europe/Berlin]", None, "2023-03-13T14:05:00+01:00", "minute", True),
        ("2023-03-13T14:05:00−05:00", None, "2023-03-13T14:05:00-05:00", "minute", True),
        ("20230313140500", None, "2023-03-13T14:05:00+00:00", "minute", False),
        ("202303131405", None, "2023-03-13T14:05:00+00:00", "minute", False),
        ("20230313T140500+0100", None, "2023-03-13T14:05:00+01:00", "minute", True),
        ("20230313 14:05", None, "2023-03-13T14:05:00+00:00", "minute", False),
        ("1678712700.0", None, "2023-03-13T13:05:00+00:00", "minute", True),
        ("Date(1678712700000)", None, "2023-03-13T13:05:00+00:00", "minute", True),
        ("03/13/2023 2:05 PM", "en", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 Mar 2023 2.05pm", "en", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023-03-13T14:05:00 EST", "en", "2023-03-13T14:05:00-05:00", "minute", True),
        ("13. März 2023 / 14:05 Uhr", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Mo 13. 3. 2023", "cs", "2023-03-13T00:00:00+00:00", "day", False),
        ("2023.3.13 14:05", "zh", "2023-03-13T14:05:00+00:00", "minute", False),
        ("發布時間：2023/03/13 14:05", "zh-TW", "2023-03-13T14:05:00+00:00", "minute", False),
        ("中華民國112年3月13日", "zh-TW", "2023-03-13T00:00:00+00:00", "day", False),
        ("令和5年3月13日", "ja", "2023-03-13T00:00:00+00:00", "day", False),
        ("3/4/2023", "en-US", "2023-03-04T00:00:00+00:00", "day", False),
        ("3/4/2023", "fr", "2023-04-03T00:00:00+00:00", "day", False),
        ("25/4/2023", "en", "2023-04-25T00:00:00+00:00", "day", False),
    ],
)
def test_reads_times_as_written(
    raw: str, language: str | None, expected: str, precision: str, *, has_offset: bool
) -> None:
    stamp = parse_timestamp(raw, "test", language)
    assert stamp is not None
    assert (stamp.value.isoformat(), stamp.precision, stamp.has_offset) == (expected, precision, has_offset)
    assert stamp.raw == raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "today",
        "3/4/2023",
        "1970-01-01T00:00:00Z",
        "2023-02-30",
        "0001-01-01",
        "99999999999",
        "13 Foo 2023",
        "2023-13-45T99:99",
    ],
)
def test_reads_nothing_where_nothing_is_told(raw: str) -> None:
    assert parse_timestamp(raw, "test", "en") is None


LD = '<script type="application/ld+json">{"@type": "Article", "headline": "H", "datePublished": "%s"}</script>'
META = '<meta property="article:published_time" content="%s">'


@pytest.mark.parametrize(
    ("html", "url", "expected", "source"),
    [
        (LD % "2024-05-01T10:00Z" + META % "2024-05-02T10:00Z", "", "2024-05-01T10:00", "json-ld:datePublished"),
        (
            META % "2024-05-02T10:00Z" + "<time datetime='2024-05-03T10:00Z'>x</time>",
            "",
            "2024-05-02T10:00",
            "meta:article:published_time",
        ),
        ("<h1>H</h1><time datetime='2024-05-03T10:00Z'>x</time>", "", "2024-05-03T10:00", "page:time"),
        ("<h1>H</h1>", "/2024/05/04/a", "2024-05-04T00:00", "url"),
        (LD % "2042-05-01T10:00Z" + META % "2024-05-02T10:00Z", "", "2024-05-02T10:00", "meta:article:published_time"),
        (LD % "2024-05-02" + META % "2024-05-02T10:00Z", "", "2024-05-02T10:00", "meta:article:published_time"),
        (
            LD % "2024-05-02T10:00:00" + META % "2024-05-02T08:00Z",
            "",
            "2024-05-02T08:00",
            "meta:article:published_time",
        ),
        (
            LD % "2024-05-02T10:00:00" + META % "2024-05-02T08:07Z",
            "",
            "2024-05-02T10:00",
            "json-ld:datePublished",
        ),
        ('<h1>H</h1><p data-published="2024-05-03T10:00Z">x</p>', "", "2024-05-03T10:00", "page:p"),
        (
            '<h1>H</h1><script type="application/ld+json">{"@type": "WebPage", "datePublished": "2024-05-03T10:00Z"}</script>',
            "",
            "2024-05-03T10:00",
            "json-ld:WebPage",
        ),
        (
            LD % "2024-05-02T10:00:00" + META % "2024-05-02T10:00+02:00",
            "",
            "2024-05-02T10:00",
            "meta:article:published_time",
        ),
    ],
)
def test_the_best_believable_candidate_wins(html: str, url: str, expected: str, source: str) -> None:
    stamp = published_at(facts_of(html, f"https://courier.example{url}"), None, NOW)
    assert stamp is not None
    assert (stamp.value.isoformat()[:16], stamp.source) == (expected, source)


def test_the_feed_speaks_where_the_page_dates_itself_ahead() -> None:
    fed = Timestamp(raw="x", value=datetime(2024, 5, 30, tzinfo=UTC), source="feed")
    assert published_at(facts_of(META % "2042-01-01T00:00Z"), fed, NOW) is fed
    assert published_at(facts_of("<h1>H</h1>"), None, NOW) is None


def test_a_change_before_the_publication_is_none() -> None:
    facts = facts_of('<meta property="article:modified_time" content="2024-05-01T00:00Z">')
    published = Timestamp(raw="x", value=datetime(2024, 5, 2, tzinfo=UTC), source="x", precision=Precision.DAY)
    assert modified_at(facts, None, NOW, published) is None
    changed = modified_at(facts, None, NOW, None)
    assert changed is not None
    assert changed.source == "meta:article:modified_time"
