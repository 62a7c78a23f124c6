"""Past work lets live work go first, but not for ever."""

from datetime import datetime, timedelta

from pipeline.courtesy import PATIENCE, give_way
from tests.fixtures.entries import NOW


class Busy:
    """A ledger and a clock: live work is under way until that time, and sleeping lets the time pass."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def has_live_work(self, now: datetime) -> bool:
        return now < self.until

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += timedelta(seconds=seconds)


def test_where_nothing_is_live_there_is_no_wait() -> None:
    busy = Busy(until=NOW)
    give_way(busy, busy, busy.sleep)
    assert busy.time == NOW


def test_live_work_is_waited_for_and_not_longer() -> None:
    busy = Busy(until=NOW + timedelta(seconds=2))
    give_way(busy, busy, busy.sleep)
    assert timedelta(seconds=2) <= busy.time - NOW < timedelta(seconds=2.2)


def test_where_live_work_never_ends_past_work_goes_on_all_the_same() -> None:
    busy = Busy(until=NOW + timedelta(days=1))
    give_way(busy, busy, busy.sleep)
    assert PATIENCE <= busy.time - NOW < PATIENCE + timedelta(seconds=0.2)
