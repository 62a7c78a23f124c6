"""What those are told who do not want to wait for a turn; hosts and clock are the test's own."""

import asyncio
from datetime import datetime, timedelta

import pytest

from pipeline.adapters.host_turns import HostTurns
from pipeline.errors import Busy
from pipeline.fetch.politeness import CONCURRENCY
from pipeline.model.host import Turn
from tests.fixtures.entries import NOW

DELAY, SHORT = timedelta(seconds=1), timedelta(milliseconds=10)


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


@pytest.mark.parametrize(
    ("patience", "delay", "waiting"), [(SHORT, timedelta(0), 0), (SHORT, DELAY, 0), (30 * DELAY, DELAY, 31)]
)
def test_of_those_behind_others_who_wait_for_answers_no_more_wait_than_there_are_turns_and_no_longer(
    patience: timedelta, delay: timedelta, waiting: int
) -> None:
    host = FreeHost()
    turns = HostTurns(host, clock=host, delay=delay, patience=patience)

    async def fetch(answers: asyncio.Event) -> None:
        async with turns.turn("news.example"):
            await answers.wait()

    async def fetch_all() -> list[timedelta]:
        answers = asyncio.Event()
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for _ in range(CONCURRENCY + waiting):
                group.create_task(fetch(answers))
            sent_away = await asyncio.gather(*(ask(turns) for _ in range(100)))
            answers.set()
        return sorted(sent_away)

    assert asyncio.run(fetch_all()) == [delay * number for number in range(100)]


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
