"""When saved searches alert: what users may write, and the rules."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from pipeline.alerts.conditions import (
    check_condition,
    count_names,
    day_edges,
    is_silent,
    judge_volume,
    read_condition,
)
from pipeline.alerts.searches import add_webhook, check_text, keep_webhooks, make_search
from pipeline.errors import UsageError
from pipeline.model.alert import ConditionKind
from pipeline.model.query import Query
from pipeline.search.request import make_query

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FULL = [100] * 29


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("any", ConditionKind.ANY, None),
        (" First ", ConditionKind.FIRST, None),
        ("together", ConditionKind.TOGETHER, 30 * DAY),
        ("together:7d", ConditionKind.TOGETHER, 7 * DAY),
        ("volume", ConditionKind.VOLUME, None),
        ("silence", ConditionKind.SILENCE, DAY),
        ("silence:36h", ConditionKind.SILENCE, 1.5 * DAY),
    ],
)
def test_conditions_as_users_write_them(text: str, kind: ConditionKind, span: timedelta | None) -> None:
    condition = read_condition(text)
    assert (condition.kind, condition.span) == (kind, span)
    assert read_condition(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sometimes", "write one of: any, first"),
        ("", "write one of"),
        ("any:3d", "any takes no time: write any"),
        ("silence:", "write a time in hours or days behind the colon"),
        ("silence:0h", "write a time"),
        ("together:30", "write a time"),
        ("together:99999d", "write a time in hours or days .* at most 3660d"),
        ("together:99999999d", "at most 3660d"),
    ],
)
def test_a_condition_that_is_none(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read_condition(text)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (make_query("person:raisi place:minsk"), 2),
        (make_query("person:raisi harvest"), 1),
        (make_query("person:raisi", places=["Minsk"]), 2),
        (make_query("person:raisi OR place:minsk"), 1),
        (make_query("(person:a OR person:b) (person:c OR entity:d)"), 2),
        (make_query("person:raisi -person:lukashenko"), 1),
        (make_query(people=["A", "B"]), 1),  # alternatives
        (make_query("harvest wheat"), 0),
    ],
)
def test_together_needs_two_names_that_are_required(query: Query, names: int) -> None:
    assert count_names(query) == names
    together = read_condition("together:7d")
    if names >= 2:
        check_condition(together, query)
    else:
        with pytest.raises(UsageError, match="requires two names"):
            check_condition(together, query)


def test_a_usual_day_is_not_unusual() -> None:
    assert judge_volume([10, 12, 8, 11] * 7 + [15], FULL) is None


def test_a_burst_is_unusual_and_says_what_is_usual() -> None:
    volume = judge_volume([2] * 28 + [14], FULL)
    assert str(volume) == "14 documents in 24 hours, usually 2.0"


def test_a_burst_after_nothing_is_unusual() -> None:
    assert judge_volume([0] * 28 + [5], FULL)
    assert judge_volume([0] * 28 + [4], FULL) is None  # so few are chance, however quiet it was


def test_what_swings_anyway_must_rise_higher_than_what_is_steady() -> None:
    steady, swinging = [10] * 28, [0, 0, 35, 5] * 7
    assert judge_volume([*steady, 25], FULL)
    assert judge_volume([*swinging, 25], FULL) is None
    assert judge_volume([*swinging, 120], FULL)


def test_one_burst_does_not_hide_the_next() -> None:
    assert judge_volume([2] * 20 + [60] + [2] * 7 + [40], FULL)


def test_fewer_than_usual_are_not_more() -> None:
    assert judge_volume([100] * 28 + [60], FULL) is None


def test_a_young_index_knows_no_usual_day() -> None:
    def judge(days: int) -> object:
        return judge_volume([0] * (28 - days) + [1] * days + [50], [0] * (28 - days) + [100] * (days + 1))

    assert judge(6) is None
    assert judge(7)
    # Its empty days before the first document are not taken for days on which nothing happened.
    assert judge_volume([0] * 18 + [9] * 10 + [16], [0] * 18 + [100] * 11) is None


def test_an_empty_index_knows_nothing() -> None:
    assert judge_volume([0] * 29, [0] * 29) is None


def test_days_are_counted_back_from_now() -> None:
    edges = day_edges(NOW)
    assert edges[-2:] == (NOW - DAY, NOW)
    assert len(edges) == 30


def test_silence_begins_with_the_last_document_or_with_listening() -> None:
    assert is_silent(NOW - 2 * DAY, NOW - 9 * DAY, DAY, NOW)
    assert not is_silent(NOW - DAY / 2, NOW - 9 * DAY, DAY, NOW)
    assert not is_silent(NOW - 9 * DAY, NOW - DAY / 2, DAY, NOW)
    assert is_silent(None, NOW - DAY, DAY, NOW)
    assert not is_silent(None, NOW - DAY / 2, DAY, NOW)


def test_a_search_alerts_for_any_document_unless_told_otherwise() -> None:
    search = make_search("a", make_query("x"), when=(), webhooks=["https://e.example/x#f"] * 2, created_at=NOW)
    assert [str(condition) for condition in search.conditions] == ["any"]
    assert [hook.url for hook in search.webhooks] == ["https://e.example/x"]
    assert search.webhooks[0].secret not in repr(search)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"name": "no/slash"}, "the name is 'no/slash'"),
        ({"name": ""}, "the name is ''"),
        ({"webhooks": ["ftp://e.example/"]}, "--webhook: .*is not an http or https address"),
        ({"webhooks": ["http://10.0.0.1/hook"]}, "--webhook: 10.0.0.1 is no public address.*NEWSWIRE_WEBHOOK_NETWORKS"),
        ({"webhooks": ["https://e.example/", "http://[::1]:80/"]}, "--webhook: ::1 is no public address"),
        ({"webhooks": ["http://[::ffff:169.254.169.254]/"]}, "--webhook: ::ffff:169.254.169.254 is no public address"),
        ({"webhooks": ["http://LocalHost:8080/"]}, "--webhook: localhost is no public address"),
        ({"webhooks": [f"https://e.example/{number}" for number in range(21)]}, "21 webhooks; at most 20"),
        ({"webhooks": ["https://e.example/"], "secret": "short"}, "a webhook's secret is whsec_"),
    ],
)
def test_a_search_that_is_none(options: dict[str, object], problem: str) -> None:
    given = {"name": "good", "when": (), **options}
    name = str(given.pop("name"))
    with pytest.raises(UsageError, match=problem) as caught:
        make_search(name, make_query("x"), created_at=NOW, **given)  # type: ignore[arg-type]
    assert "short" not in str(caught.value)


def test_webhooks_in_networks_that_are_allowed_and_of_hosts_by_name_are_saved() -> None:
    """What a name leads to is told at each delivery, when it is connected to."""
    urls = ["http://10.0.0.1/hook", "http://localhost/", "https://hooks.example/", "http://8.8.8.8/"]
    networks = [ip_network("10.0.0.0/8"), ip_network("127.0.0.0/8")]
    search = make_search("a", make_query("x"), when=(), webhooks=urls, allowed_networks=networks, created_at=NOW)
    assert [hook.url for hook in search.webhooks] == urls


def test_a_search_has_twenty_webhooks_at_most() -> None:
    urls = [f"https://e.example/{number}" for number in range(20)]
    search = make_search("a", make_query("x"), when=(), webhooks=urls, created_at=NOW)
    assert len(add_webhook(search, urls[0])[0].webhooks) == 20
    with pytest.raises(UsageError, match="21 webhooks; at most 20"):
        add_webhook(search, "https://e.example/more")
    more = make_search("a", make_query("x"), when=(), webhooks=["https://e.example/more"], created_at=NOW)
    with pytest.raises(UsageError, match="21 webhooks; at most 20"):
        keep_webhooks(more, search)
    with pytest.raises(UsageError, match="no public address"):
        add_webhook(search, "http://192.168.1.1/")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("harvest persn:raisi", r"\(at character 9 of the query: persn:raisi\)$"),
        ("harvest since:yesterday", r"\(at character 15 of the query: yesterday\)$"),
        ("wheat z*", r"\(at character 7 of the query: z\*\)$"),
    ],
)
def test_a_bad_query_is_refused_with_the_place(text: str, place: str) -> None:
    with pytest.raises(UsageError, match=place):
        check_text(text)
