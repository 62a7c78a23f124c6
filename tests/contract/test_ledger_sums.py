"""The ledger's sums hold whatever happens in whatever order, and whoever works on it at the same time."""

import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest

from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.model.capture import Batch
from pipeline.model.fate import Claim, Fate, Reason
from tests.fixtures.entries import LEASE, MINUTE, NOW, a_batch, an_entry, an_outcome


@dataclass(slots=True, kw_only=True)
class Walk:
    """A random walk over the ledger's methods, with what must be true of each URL noted down beside it."""

    ledger: SqlLedger
    dice: random.Random
    now: datetime = NOW
    revisions: dict[str, int] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    #: Claims ever made, also those whose lease is over: what is late must do no harm.
    claims: list[Claim] = field(default_factory=list)
    holders: dict[str, tuple[Batch, datetime]] = field(default_factory=dict)

    def record(self) -> None:
        title = f"Version {self.dice.randrange(4)}"
        entries = [an_entry(self.dice.randrange(40), title=title) for _ in range(self.dice.randrange(1, 12))]
        before = {entry.url: self.ledger.entry(entry.url) for entry in entries}
        recorded = self.ledger.record_entries(entries, self.now)
        new = {url for url, known in before.items() if known is None}
        changed = {url for url, known in before.items() if known is not None and known[0].title != title}
        assert (recorded.new, recorded.changed) == (len(new), len(changed))
        for url in new | changed:
            self.revisions[url] = self.revisions.get(url, 0) + 1
            self.fates.pop(url, None)

    def claim(self) -> None:
        batch = a_batch(self.dice.random(), self.now)
        claims = self.ledger.claim(batch, batch.opened_at, limit=self.dice.randrange(1, 8), lease=LEASE)
        assert self.ledger.claim(batch, batch.opened_at, limit=8, lease=LEASE) == claims
        for claim in claims:
            url = claim.entry.url
            assert url not in self.fates
            assert claim.revision == self.revisions[url]
            assert url not in self.holders or self.holders[url][1] <= self.now
            self.holders[url] = (batch, self.now + LEASE)
        self.claims += claims

    def settle(self) -> None:
        outcomes = [an_outcome(claim, self.dice.choice(list(Reason))) for claim in self._some_claims()]
        self.ledger.settle(outcomes)
        for outcome in outcomes:
            if outcome.url not in self.fates:
                self.holders.pop(outcome.url, None)
                if outcome.revision == self.revisions[outcome.url]:
                    self.fates[outcome.url] = outcome.fate

    def postpone(self) -> None:
        claims = self._some_claims()
        again_at = self.now + self.dice.randrange(30) * MINUTE
        self.ledger.postpone([(claim, again_at, "timeout") for claim in claims])
        for claim in claims:
            if claim.entry.url in self.holders and self.holders[claim.entry.url][0].id == claim.batch_id:
                del self.holders[claim.entry.url]

    def release(self) -> None:
        for claim in self._some_claims()[:1]:
            held = [url for url, (batch, _) in self.holders.items() if batch.id == claim.batch_id]
            assert self.ledger.release(Batch(id=claim.batch_id, opened_at=self.now)) == len(held)
            for url in held:
                del self.holders[url]

    def revive(self) -> None:
        dead = [url for url, fate in self.fates.items() if fate is Fate.DEAD_LETTER]
        assert {letter.url for letter in self.ledger.dead_letters()} == set(dead)
        asked = self.dice.sample(dead, min(len(dead), 2))
        if asked:
            assert self.ledger.revive(asked, self.now) == len(asked)
        for url in asked:
            del self.fates[url]

    def wait(self) -> None:
        self.now += timedelta(seconds=self.dice.choice([0.4, 30, 240, 1200]))

    def check(self) -> None:
        tally = self.ledger.tally()
        assert tally.is_balanced
        assert tally.seen == len(self.revisions)
        assert tally.fates == Counter(self.fates.values())
        by_fate = Counter[Fate]()
        for reason, count in self.ledger.reasons().items():
            by_fate[reason.fate] += count
        assert by_fate == tally.fates

    def _some_claims(self) -> list[Claim]:
        chosen = self.dice.sample(self.claims[-30:], min(len(self.claims), 30, self.dice.randrange(6)))
        return list({claim.entry.url: claim for claim in chosen}.values())


@pytest.mark.parametrize("seed", range(8))
def test_a_random_walk_never_loses_a_url_or_gives_it_two_fates(ledger: SqlLedger, seed: int) -> None:
    walk = Walk(ledger=ledger, dice=random.Random(seed))
    steps = [
        walk.record,
        walk.claim,
        walk.claim,
        walk.settle,
        walk.settle,
        walk.postpone,
        walk.release,
        walk.revive,
        walk.wait,
    ]
    for _ in range(150):
        walk.dice.choice(steps)()
        walk.check()
    assert len(walk.fates) > 5
    assert max(walk.revisions.values()) > 3


def test_what_was_settled_is_counted_by_day_publisher_and_fate(ledger: SqlLedger) -> None:
    entries = [an_entry(number, publisher="Echo" if number == 3 else "The Example") for number in range(6)]
    ledger.record_entries(entries, NOW)
    claims = ledger.claim(a_batch(), NOW, limit=10, lease=LEASE)
    days = [NOW - timedelta(days=day) for day in (9, 1, 1, 1, 0)]
    ends = [Reason.NEW, Reason.NEW, Reason.NEW_VERSION, Reason.NEW, Reason.PAYWALL]
    by_url = {claim.entry.url: claim for claim in claims}
    ledger.settle(
        [
            an_outcome(by_url[entry.url], reason, at=at)
            for entry, reason, at in zip(entries[:5], ends, days, strict=True)
        ]
    )
    assert ledger.settled_by_day(NOW - timedelta(days=2)) == {
        (date(2026, 11, 22), "The Example", Fate.INDEXED): 2,
        (date(2026, 11, 22), "Echo", Fate.INDEXED): 1,
        (date(2026, 11, 23), "The Example", Fate.WALL): 1,
    }


def test_eight_threads_claim_each_url_once(ledger: SqlLedger) -> None:
    entries = [an_entry(number) for number in range(2_000)]
    ledger.record_entries(entries, NOW)

    def drain(worker: int) -> list[str]:
        visited, batches = list[str](), 0
        while claims := ledger.claim(a_batch(f"{worker}-{batches}"), NOW, limit=20, lease=LEASE):
            visited += [claim.entry.url for claim in claims]
            ledger.postpone([(claim, NOW + LEASE, "timeout") for claim in claims[:2]])
            ledger.settle([an_outcome(claim) for claim in claims[2:]])
            batches += 1
        return visited

    with ThreadPoolExecutor(8) as pool:
        visited = [url for urls in pool.map(drain, range(8)) for url in urls]
    assert Counter(visited) == Counter(entry.url for entry in entries)
    tally = ledger.tally()
    assert (tally.seen, tally.pending, tally.fates) == (2_000, 200, {Fate.INDEXED: 1_800})


def test_feeds_that_announce_the_same_urls_at_once_neither_lose_nor_double_any(ledger: SqlLedger) -> None:
    shared = [an_entry(number) for number in range(300)]

    def record(worker: int) -> tuple[int, int]:
        mine = random.Random(worker).sample(shared, len(shared))
        recorded = [ledger.record_entries(mine[start : start + 20], NOW) for start in range(0, 300, 20)]
        return sum(each.new for each in recorded), sum(each.changed for each in recorded)

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(record, range(8)))
    assert (sum(new for new, _ in counts), sum(changed for _, changed in counts)) == (300, 0)
    assert ledger.tally().pending == 300


WORKER = """
import sys
from pipeline.adapters.sql_ledger import open_ledger
from pipeline.model.capture import Batch
from tests.fixtures.entries import LEASE, NOW, an_entry, an_outcome

url, worker = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
ledger = open_ledger(url)
ledger.record_entries([an_entry(number) for number in range(400)], NOW)
batches = 0
while claims := ledger.claim(Batch(id=f"{worker}-{batches}", opened_at=NOW), NOW, limit=20, lease=LEASE):
    ledger.settle([an_outcome(claim) for claim in claims])
    print(*(claim.entry.url for claim in claims))
    batches += 1
ledger.close()
"""


def test_processes_that_open_an_empty_database_at_once_share_the_work(ledger_url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", WORKER, ledger_url]
    workers = [
        subprocess.Popen(
            [*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for number in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    ends = [worker.communicate(timeout=60) for worker in workers]
    assert [(worker.returncode, errors) for worker, (_, errors) in zip(workers, ends, strict=True)] == [(0, "")] * 4
    visited = Counter(url for output, _ in ends for url in output.split())
    assert visited == Counter(an_entry(number).url for number in range(400))


HOLDER = """
import sys
from pipeline.adapters.sql_database import Database
from pipeline.adapters.sql_schema import urls
from sqlalchemy import update

with Database(sys.argv[1]).write() as connection:
    connection.execute(update(urls).values(fate="indexed", reason="new", settled_at=urls.c.first_seen_at))
    print("written", flush=True)
    sys.stdin.readline()
"""


def test_a_process_killed_in_a_transaction_leaves_no_trace_and_no_lock(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.record_entries([an_entry()], NOW)
    command = [sys.executable, "-c", HOLDER, ledger_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "written\n"
        holder.kill()
    (claim,) = ledger.claim(a_batch(), NOW, limit=1, lease=LEASE)
    assert claim.entry == an_entry()
    assert ledger.tally().pending == 1


def test_two_ledgers_on_one_database_see_each_others_work(ledger: SqlLedger, ledger_url: str) -> None:
    other = open_ledger(ledger_url)
    try:
        ledger.record_entries([an_entry()], NOW)
        (claim,) = other.claim(a_batch(1), NOW, limit=1, lease=LEASE)
        assert ledger.claim(a_batch(2), NOW, limit=1, lease=LEASE) == ()
        other.settle([an_outcome(claim)])
        assert ledger.tally() == other.tally()
        assert ledger.tally().fates == {Fate.INDEXED: 1}
    finally:
        other.close()
