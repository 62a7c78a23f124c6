"""What those are told who do not want to wait for a turn; hosts and clock are the test's own."""

import asyncio
from datetime import datetime, timedelta

import pytest

from pipeline.adapters.host_turns import HostTurns
from pipeline.errors import Busy
from pipeline.model.host import Turn
from tests.fixtures.entries import NOW

DELAY = timedelta(seconds=1)


class TakenHost:
    """A clock, and a host whose every turn somebody else takes."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def ask_turn(self, _: str, now: datetime, *, delay: timedelta, is_past: bool) -> Turn:
        assert not is_past
        return Turn(starts_at=now + delay)


async def ask(turns: HostTurns) -> timedelta:
    with pytest.raises(Busy) as error:
        async with turns.turn("news.example"):
            pass
    return error.value.after


class FreeHost(TakenHost):
    """A host whose turn has always come."""

    def ask_turn(self, _: str, now: datetime, **__: object) -> Turn:
        return Turn(starts_at=now)


def test_whoever_waited_too_long_behind_slow_answers_is_sent_away() -> None:
    host = FreeHost()
    turns = HostTurns(host, clock=host, delay=DELAY, patience=timedelta(seconds=3))

    async def fetch(ended: list[str]) -> None:
        try:
            async with turns.turn("news.example"):
                await asyncio.sleep(0)
                host.time += timedelta(seconds=29)
                ended.append("answered")
        except Busy:
            ended.append("sent away")

    async def fetch_all() -> list[str]:
        ended: list[str] = []
        await asyncio.gather(*(fetch(ended) for _ in range(10)))
        return sorted(ended)

    assert asyncio.run(fetch_all()) == ["answered"] * 2 + ["sent away"] * 8


def test_those_who_are_sent_away_come_back_one_after_the_other_and_no_later_for_ever() -> None:
    host = TakenHost()
    turns = HostTurns(host, clock=host, delay=DELAY, patience=timedelta(0))

    async def burst() -> list[timedelta]:
        return [await ask(turns) for _ in range(5)]

    expected = [DELAY * number for number in range(1, 6)]
    for _ in range(50):
        assert asyncio.run(burst()) == expected
        host.time += timedelta(seconds=10)


def test_no_turn_is_waited_for_that_comes_after_the_time_given() -> None:
    class BusyHost(TakenHost):
        """A host whose turns others take for as long as anyone asks."""

        def ask_turn(self, _: str, now: datetime, **__: object) -> Turn:
            self.time += DELAY
            return Turn(starts_at=now + timedelta(milliseconds=1))

    host = BusyHost()
    turns = HostTurns(host, clock=host, delay=DELAY, give_way=lambda: None)

    async def wait() -> None:
        with pytest.raises(Busy, match="no turn for us within 30 s"):
            async with asyncio.timeout(30), turns.turn("news.example", until=NOW + 30 * DELAY):
                pass

    asyncio.run(wait())
    assert host.time == NOW + 31 * DELAY
