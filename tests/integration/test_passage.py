"""Past entries on their way through the flow: claims that are held, given back, prolonged, and found again by a run that died."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.press import Press
from pipeline.archive import open_batch
from pipeline.backfill import passage
from pipeline.errors import StoreUnavailable
from pipeline.model.capture import Batch, Capture
from pipeline.model.fate import Fate, Outcome, Reason, Tally
from pipeline.model.handover import Report
from pipeline.model.host import Turn
from pipeline.ports import Fetcher
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.alerts import a_search

DAY = date(2026, 11, 20)
SINCE = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    with Press() as press:
        press.write_sources(tmp_path / "sources.toml")
        yield press


@pytest.fixture
def wiring(press: Press, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiring]:
    monkeypatch.setattr(passage, "BATCH_SIZE", 50)  # 120 articles make two whole batches and a part
    press.file_past(DAY, range(120))
    environ = {
        "NEWSWIRE_HOME": str(tmp_path / "home"),
        "NEWSWIRE_SOURCES": str(tmp_path / "sources.toml"),
        "NEWSWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
        "NEWSWIRE_HOST_DELAY": "0",
    }
    wiring = Wiring(read_settings(environ))
    wiring.add_sources()
    wiring.store.prepare()

    async def discover() -> None:
        async with wiring.fetcher() as fetcher:
            await wiring.discover_past(SINCE, SINCE + timedelta(days=1), fetcher)

    asyncio.run(discover())
    yield wiring
    wiring.close()


class Dying:
    """A fetcher under which a store goes down at the given request."""

    def __init__(self, fetcher: Fetcher, requests: int) -> None:
        self._fetcher, self._left = fetcher, requests

    async def fetch(self, url: str, **options: Any) -> Capture:  # noqa: ANN401 - the port's options
        self._left -= 1
        if self._left < 0:
            raise StoreUnavailable("the archive cannot be used")
        return await self._fetcher.fetch(url, **options)


class Later:
    """A clock that is so much later than it stood at first."""

    def __init__(self) -> None:
        self._begun, self.later = datetime.now(UTC), timedelta(0)

    def now(self) -> datetime:
        return self._begun + self.later


def fetch(wiring: Wiring, run: Batch, *, limit: int = 1000, dies_at: int = 10_000) -> list[Batch]:
    async def work() -> list[Batch]:
        async with wiring.fetcher() as fetcher:
            batches, _ = await wiring.fetch_past(run, Dying(fetcher, dies_at), limit=limit)
            return batches

    return asyncio.run(work())


def visits_of_pages(press: Press) -> list[int]:
    return [count for path, count in press.visits.items() if "/report-" in path]


def test_a_run_that_was_killed_goes_on_with_what_it_had(
    wiring: Wiring, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_batch(datetime.now(UTC))
    monkeypatch.setattr(wiring.ledger, "release", lambda _: 0)  # a killed process gives nothing back
    with pytest.raises(StoreUnavailable):
        fetch(wiring, run, dies_at=70)
    under_way = sum(visits_of_pages(press)) - 50
    assert 0 <= under_way <= 20
    [_] = fetch(wiring, open_batch(datetime.now(UTC) + timedelta(seconds=1)))  # the 20 that it had not claimed
    assert sum(visits_of_pages(press)) == 70 + under_way

    batches = fetch(wiring, run)
    assert len(batches) == 2
    # Only the batch that was under way is fetched again.
    assert sorted(visits_of_pages(press)) == [1] * (120 - under_way) + [2] * under_way
    wiring.extract_past(batches)
    assert wiring.index_past(batches).settled == {Reason.NEW: 100}


def test_a_run_that_breaks_off_gives_back_the_batch_under_way(wiring: Wiring) -> None:
    run = open_batch(datetime.now(UTC))
    with pytest.raises(StoreUnavailable):
        fetch(wiring, run, dies_at=70)
    batches = fetch(wiring, run)
    assert len(batches) == 3
    wiring.extract_past(batches)
    wiring.index_past(batches)
    assert wiring.ledger.tally() == Tally(seen=120, pending=0, fates={Fate.INDEXED: 120})


def test_a_limit_is_kept(wiring: Wiring, press: Press) -> None:
    assert len(fetch(wiring, open_batch(datetime.now(UTC)), limit=70)) == 2
    assert sum(visits_of_pages(press)) == 70


@pytest.mark.parametrize("pages", [30, 60])
def test_no_more_is_claimed_after_the_deadline_and_the_rest_waits(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    monkeypatch.setattr(passage, "FETCH_FOR", timedelta(minutes=10))  # less than a lease
    clock = Later()
    monkeypatch.setattr(wiring, "clock", clock)
    run = open_batch(clock.now())

    async def work() -> list[Batch]:
        async with wiring.fetcher() as fetcher:

            class Slow(Dying):
                async def fetch(self, url: str, **options: Any) -> Capture:  # noqa: ANN401 - the port's options
                    clock.later += passage.FETCH_FOR / pages
                    return await super().fetch(url, **options)

            batches, _ = await wiring.fetch_past(run, Slow(fetcher, 1000), limit=1000)
            return batches

    batches = asyncio.run(work())
    whole = 50 * (1 + pages // 50)
    wiring.extract_past(batches)
    assert wiring.index_past(batches).settled == {Reason.NEW: whole}
    assert wiring.ledger.tally() == Tally(seen=120, pending=120 - whole, fates={Fate.INDEXED: whole})


def test_a_host_that_never_has_a_turn_does_not_keep_a_run_from_its_end(
    wiring: Wiring, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Later()
    monkeypatch.setattr(wiring, "clock", clock)
    shortly = timedelta(milliseconds=1)

    def wait(_: str, now: datetime, **__: object) -> Turn:
        clock.later += timedelta(minutes=10)
        return Turn(starts_at=now + shortly)

    async def work() -> tuple[list[Batch], Report]:
        async with asyncio.timeout(60), wiring.fetcher() as fetcher:
            monkeypatch.setattr(wiring.ledger, "ask_turn", wait)
            return await wiring.fetch_past(open_batch(clock.now()), fetcher, limit=1000)

    begun = clock.now()
    batches, report = asyncio.run(work())
    assert (batches, report.unvisited, report.postponed) == ([], 50, 0)
    assert clock.now() - begun >= passage.FETCH_FOR
    assert not visits_of_pages(press)
    assert wiring.ledger.tally().pending == 120


@pytest.mark.parametrize("stage", ["extract_past", "index_past"])
def test_leases_of_what_is_still_to_come_are_prolonged_once_a_while(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    batches = fetch(wiring, open_batch(datetime.now(UTC)))
    clock, renewed = Later(), list[list[Batch]]()
    monkeypatch.setattr(wiring, "clock", clock)
    monkeypatch.setattr(wiring.ledger, "renew", lambda held, _: renewed.append(list(held)))

    def take_half_of_it(*_: object, **__: object) -> Report:
        clock.later += passage.RENEW_EVERY / 2
        return Report()

    monkeypatch.setattr(passage.flow, "extract_batch", take_half_of_it)
    monkeypatch.setattr(passage.flow, "index_batch", take_half_of_it)
    getattr(wiring, stage)(batches)
    assert renewed == [batches, batches[2:]]


def test_two_runs_at_once_share_the_work(wiring: Wiring, press: Press) -> None:
    async def work() -> list[tuple[list[Batch], object]]:
        runs = [open_batch(datetime.now(UTC)) for _ in range(2)]
        async with wiring.fetcher() as fetcher:
            return await asyncio.gather(*(wiring.fetch_past(run, fetcher, limit=1000) for run in runs))

    [(first, _), (second, _)] = asyncio.run(work())
    assert visits_of_pages(press) == [1] * 120
    for batches in (first, second):
        wiring.extract_past(batches)
        wiring.index_past(batches)
    assert wiring.ledger.tally() == Tally(seen=120, pending=0, fates={Fate.INDEXED: 120})


def test_claims_are_held_for_as_long_as_fetching_goes_on(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage, "RENEW_EVERY", timedelta(0))
    run, renew = open_batch(datetime.now(UTC)), wiring.ledger.renew
    renewed: list[datetime] = []

    async def work() -> None:
        loop, is_renewed = asyncio.get_running_loop(), asyncio.Event()

        def note(batches: list[Batch], until: datetime) -> int:
            count = renew(batches, until)
            if count == 50:
                renewed.append(until)
                loop.call_soon_threadsafe(is_renewed.set)
            return count

        class Slow(Dying):
            async def fetch(self, url: str, **options: Any) -> Capture:  # noqa: ANN401 - the port's options
                await is_renewed.wait()
                return await super().fetch(url, **options)

        monkeypatch.setattr(wiring.ledger, "renew", note)
        async with wiring.fetcher() as fetcher:
            await wiring.fetch_past(run, Slow(fetcher, 1000), limit=50)

    asyncio.run(work())
    assert renewed[0] > run.opened_at + timedelta(minutes=14)


@pytest.mark.parametrize(("reason", "requests"), [(Reason.STORE_REFUSED, 0), (Reason.UNREACHABLE, 1)])
def test_a_dead_letter_whose_page_is_archived_is_read_from_there(
    wiring: Wiring, press: Press, reason: Reason, requests: int
) -> None:
    batches = fetch(wiring, open_batch(datetime.now(UTC)), limit=1)
    wiring.extract_past(batches)
    now = datetime.now(UTC)
    [claim] = wiring.ledger.claim(batches[0], now, limit=1, lease=timedelta(minutes=1), past=True)
    [(ref, _)] = wiring.archive.scan(now - timedelta(hours=1), now)
    wiring.ledger.settle([Outcome(url=claim.entry.url, revision=1, reason=reason, at=now, capture=ref)])
    asked = sum(visits_of_pages(press))
    wiring.ledger.revive([], now - timedelta(days=1))
    again = fetch(wiring, open_batch(datetime.now(UTC) + timedelta(seconds=1)), limit=1)
    wiring.extract_past(again)
    wiring.alerts.save_search(a_search())
    assert wiring.index_past(again).settled == {Reason.NEW: 1}
    assert wiring.alerts.unwatched(limit=9) == {}  # what is past is no news
    assert sum(visits_of_pages(press)) == asked + requests
