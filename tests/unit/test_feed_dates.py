"""Times as feeds and sitemaps write them."""

from datetime import datetime

import pytest

from pipeline.discover.dates import read_timestamp
from pipeline.model.evidence import Precision

READABLE = {
    "Mon, 23 Nov 2026 10:00:00 +0100": "2026-11-23T10:00:00+01:00",
    "Mon, 23 Nov 2026 10:00:00 GMT": "2026-11-23T10:00:00+00:00",
    "Mon, 23 Nov 2026 10:00:00 Z": "2026-11-23T10:00:00+00:00",
    "Mon, 23 Nov 2026 10:00:00 -0000": "2026-11-23T10:00:00+00:00",
    "Mon, 23 Nov 2026 10:00 CEST": "2026-11-23T10:00:00+02:00",
    "23 Nov 26 10:00 EST": "2026-11-23T10:00:00-05:00",
    "Mon, 23 November 2026  10:00:00\n +0530": "2026-11-23T10:00:00+05:30",
    "2026-11-23T10:00:00Z": "2026-11-23T10:00:00+00:00",
    "2026-11-23T10:00:00-0500": "2026-11-23T10:00:00-05:00",
    "2026-11-23T10:00:00.1234567+01:00": "2026-11-23T10:00:00.123456+01:00",
    "2026-11-23 10:00:00 +0100": "2026-11-23T10:00:00+01:00",
    "2026-11-23T10:00:00 PST": "2026-11-23T10:00:00-08:00",
    "20261123T100000Z": "2026-11-23T10:00:00+00:00",
}


@pytest.mark.parametrize(("raw", "iso"), READABLE.items())
def test_a_time_keeps_its_offset(raw: str, iso: str) -> None:
    timestamp = read_timestamp(raw, "feed")
    assert timestamp is not None
    assert timestamp.value.isoformat() == iso
    assert timestamp.has_offset
    assert timestamp.precision is Precision.MINUTE
    assert (timestamp.raw, timestamp.source) == (" ".join(raw.split()), "feed")


@pytest.mark.parametrize("raw", ["Mon, 23 Nov 2026 10:00:00", "2026-11-23T10:00", "Mon, 23 Nov 2026 10:00:00 IST"])
def test_without_an_offset_it_is_utc_by_convention(raw: str) -> None:
    timestamp = read_timestamp(raw, "feed")
    assert timestamp is not None
    assert timestamp.value == datetime.fromisoformat("2026-11-23T10:00:00+00:00")
    assert not timestamp.has_offset


@pytest.mark.parametrize("raw", ["2026-11-23", "23 Nov 2026", "Mon, 23 Nov 2026"])
def test_a_date_is_known_to_the_day(raw: str) -> None:
    timestamp = read_timestamp(raw, "feed")
    assert timestamp is not None
    assert timestamp.value == datetime.fromisoformat("2026-11-23T00:00:00+00:00")
    assert (timestamp.precision, timestamp.has_offset) == (Precision.DAY, False)


@pytest.mark.parametrize(
    "raw",
    [
        *[
            "",
            "yesterday",
            "1700000000",
            "2026-13-45",
            "Mon, 99 Nov 2026 10:00:00 GMT",
            "Mon, 23 Nov 2026 25:00:00 GMT",
        ],
        *["0001-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "9999-12-31T23:59:59Z"],
        *["Nov 23, 2026 10:00 PM", "11/23/2026 10:00", "2026-11-23T10:00:00+99:00"],
        "Mon, 23 Nov 2026 10:00:00 +99999999999999999999",
        f"Fri, 1 Jan {'9' * 20} 00:00:00 GMT",
        f"Fri, {'9' * 20} Jan 2026 00:00:00 GMT",
        f"Fri, 1 Jan 2026 00:00:00 +{'9' * 17}",
        f"Fri, 1 Jan {'9' * 5000} 00:00:00 GMT",
    ],
)
def test_what_cannot_be_read_surely_is_no_time(raw: str) -> None:
    assert read_timestamp(raw, "feed") is None
