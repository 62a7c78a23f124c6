"""What every ledger promises of the hosts, on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.model.host import RobotsFile, Turn
from tests.fixtures.entries import NOW

DELAY = timedelta(seconds=1)
HOST = "news.example:8080"


def test_a_turn_is_taken_once(ledger: SqlLedger) -> None:
    assert ledger.ask_turn(HOST, NOW, delay=DELAY) == Turn(starts_at=NOW)
    assert ledger.ask_turn(HOST, NOW, delay=DELAY) == Turn(starts_at=NOW + DELAY)
    assert ledger.ask_turn("other.example", NOW, delay=DELAY) == Turn(starts_at=NOW)
    assert ledger.ask_turn(HOST, NOW + DELAY, delay=DELAY) == Turn(starts_at=NOW + DELAY)
    assert ledger.ask_turn(HOST, NOW + 2 * DELAY, delay=DELAY, is_past=True).starts_at > NOW + 2 * DELAY
    assert ledger.ask_turn(HOST, NOW + 2 * DELAY, delay=DELAY) == Turn(starts_at=NOW + 2 * DELAY)


def test_past_work_that_waits_has_the_turn_after_three_live_ones(ledger: SqlLedger) -> None:
    ledger.ask_turn(HOST, NOW, delay=DELAY)
    assert ledger.ask_turn(HOST, NOW, delay=DELAY, is_past=True) == Turn(starts_at=NOW + 4 * DELAY)
    for number in (1, 2, 3):
        now = NOW + number * DELAY
        assert ledger.ask_turn(HOST, now, delay=DELAY) == Turn(starts_at=now)
    now = NOW + 4 * DELAY
    assert ledger.ask_turn(HOST, now, delay=DELAY) == Turn(starts_at=now + DELAY)
    assert ledger.ask_turn(HOST, now, delay=DELAY, is_past=True) == Turn(starts_at=now)
    assert ledger.ask_turn(HOST, now + DELAY, delay=DELAY) == Turn(starts_at=now + DELAY)


def test_of_many_that_ask_at_once_one_gets_the_turn(ledger_url: str) -> None:
    open_ledger(ledger_url).close()

    def ask(_: int) -> Turn:
        ledger = open_ledger(ledger_url)
        try:
            return ledger.ask_turn(HOST, NOW, delay=DELAY)
        finally:
            ledger.close()

    with ThreadPoolExecutor(8) as pool:
        turns = list(pool.map(ask, range(24)))
    assert turns.count(Turn(starts_at=NOW)) == 1
    assert turns.count(Turn(starts_at=NOW + DELAY)) == 23


def test_a_closed_host_gives_no_turn_before_its_time(ledger: SqlLedger) -> None:
    until = NOW + timedelta(minutes=5)
    ledger.close_host(HOST, until)
    ledger.close_host(HOST, NOW)
    assert ledger.ask_turn(HOST, NOW, delay=DELAY) == Turn(starts_at=until, is_closed=True)
    assert ledger.ask_turn(HOST, until, delay=DELAY) == Turn(starts_at=until)


def test_a_robots_file_is_kept_until_a_newer_one_comes(ledger: SqlLedger) -> None:
    origin = "https://news.example/"
    assert ledger.robots_file(origin) is None
    for file in (
        RobotsFile(text="", expires_at=NOW, is_closed=True),
        RobotsFile(text="User-agent: *\nDisallow: /ü", expires_at=NOW + DELAY),
    ):
        ledger.keep_robots_file(origin, file)
        assert ledger.robots_file(origin) == file
    ledger.keep_robots_file(origin, RobotsFile(text="a\0b", expires_at=NOW))
    assert ledger.robots_file(origin) == RobotsFile(text="ab", expires_at=NOW)
