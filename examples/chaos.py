"""One web that fails, one stack that is killed piece by piece while it reads it, and the sums at the end.

Moments are drawn by the seed, as how many visits the web has had: so a kill meets the work, however fast the machine is.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import create_engine, text

from examples.rough_scripts import SCRIPTS, Page
from examples.rough_web import RoughWeb
from examples.stack import WORKERS, Stack
from pipeline.errors import NewswireError
from pipeline.model import codec
from pipeline.model.capture import CaptureRef
from pipeline.model.fate import Fate
from pipeline.model.feed import Entry
from pipeline.urls import article_id

#: What is killed; a worker is one of the two.
VICTIMS = ("triggerer", "scheduler", "worker", "postgresql", "redis", "elasticsearch")
#: Longest that a victim stays dead, in seconds; while another is killed beside it, twice as long.
DOWN_FOR = 5.0
#: The share of kills that take two victims.
TOGETHER = 1 / 3

#: A document as the index has it.
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is tried: the web, and what is killed meanwhile."""

    seed: int
    urls: int
    hosts: int
    victims: Sequence[str] = VICTIMS
    #: Seconds over which the feeds show their entries.
    spread: float = 0.0
    #: Whether some robots.txt files cannot be had at first: the trial then takes ten minutes at least.
    closes_hosts: bool = False
    #: Seconds after which an address that has no fate is lost.
    patience: float = 7200.0


class TooLate(Exception):  # noqa: N818 - says what it is
    """Something that had to happen has not happened in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """What is killed once the web has had so many visits, so many seconds later: one component, or two.

    The second is killed ``down_for`` seconds after the first; so long after the last, all are started again in that order.
    """

    names: tuple[str, ...]
    after_visits: int
    then_after: float
    down_for: float


@dataclass(slots=True, kw_only=True)
class Sums:
    """What a seed came to: what was killed, how the addresses ended, and what is wrong, a line each."""

    seed: int
    urls: int
    hosts: int
    #: An entry for each kill; a + between the names of two that were down together.
    killed: list[str] = field(default_factory=list)
    restarts: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    captures: int = 0
    cut_files: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        """Return all of them by name, as JSON can hold them."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the ledger says of an address."""

    fate: str | None
    reason: str | None
    detail: str | None
    claimed_by: str | None
    capture: CaptureRef | None
    title: str | None


def plan_kills(trial: Trial) -> list[Kill]:
    """Return when what is killed: each victim once, some by twos, in an order and at moments that the seed draws."""
    dice = random.Random(f"kills {trial.seed}")
    names = [
        dice.choice(WORKERS) if victim == "worker" else victim
        for victim in dice.sample(trial.victims, len(trial.victims))
    ]
    groups = list[tuple[str, ...]]()
    while names:
        size = 2 if dice.random() < TOGETHER else 1
        groups.append(tuple(names[:size]))
        del names[:size]
    moments = sorted(dice.uniform(0.02, 0.95) for _ in groups)
    return [
        Kill(
            names=group,
            after_visits=int(moment * trial.urls),
            then_after=dice.uniform(0, 4),
            down_for=dice.uniform(0, DOWN_FOR),
        )
        for group, moment in zip(groups, moments, strict=True)
    ]


def run_trial(
    stack: Stack, trial: Trial, *, say: Callable[[str], object] = lambda _: None, note: Callable[[str], object] = print
) -> Sums:
    """Let the stack read the web of this seed while its parts are killed; return the sums.

    ``say`` is told again and again how far it is, ``note`` what was done.
    """
    sums = Sums(seed=trial.seed, urls=trial.urls, hosts=trial.hosts)
    stack.ledger()  # made here, where nothing has yet used it
    begun, restarts = time.monotonic(), Counter(stack.restarts)
    deadline = begun + trial.patience
    with RoughWeb(
        trial.seed, urls=trial.urls, hosts=trial.hosts, seconds=trial.spread, closes_hosts=trial.closes_hosts
    ) as web:
        web.write_sources(stack.folder / "sources.toml")
        try:
            for kill in plan_kills(trial):
                _await(stack, lambda kill=kill: _has_visits(web, kill, say), "the web has as many visits", deadline)
                time.sleep(kill.then_after)
                names = " and then ".join(kill.names)
                note(f"seed {trial.seed}: {web.visits} visits; killing {names}, for {kill.down_for:.1f} s")
                _carry_out(stack, kill)
                sums.killed.append("+".join(kill.names))
            _await(stack, lambda: _is_done(stack, web, say), "every address has its fate", deadline)
        except TooLate as error:
            sums.wrong.append(str(error))
        audit(stack, web, sums)
    sums.restarts = stack.restarts - restarts
    sums.seconds = time.monotonic() - begun
    return sums


def _carry_out(stack: Stack, kill: Kill) -> None:
    """Kill, and start again what was killed; two are down together."""
    for name in kill.names:
        stack.kill(name)
        time.sleep(kill.down_for)
    for name in kill.names:
        stack.start(name)


def audit(stack: Stack, web: RoughWeb, sums: Sums) -> None:
    """Compare ledger, index and archive with what the web's scripts say, and ask the web whether it has been treated well."""
    rows = read_ledger(stack, web)
    # By the port, and not by what was announced: else nobody would see a document that should not be there.
    found = [each for each in stack.documents() if urlsplit(each["url"]).port == web.port]
    documents = {str(each["url"]): each for each in found}
    sums.documents = len(found)
    counts = Counter(each["url"] for each in found)
    sums.wrong += [f"{url}: {count} documents" for url, count in counts.items() if count > 1]
    for place, urls in (("index", documents.keys()), ("ledger", rows.keys())):
        sums.wrong += [f"{url}: in the {place}, but never announced" for url in urls - web.pages.keys()]
    tally = stack.ledger()
    if not tally.is_balanced:
        sums.wrong.append(f"the ledger's sums do not balance: {tally}")
    sums.wrong += web.complaints()
    for url, page in web.pages.items():
        _audit_page(page, rows.get(url), documents.get(url), sums)
    _audit_archive(stack, rows, sums)


def _audit_page(page: Page, row: Row | None, document: Document | None, sums: Sums) -> None:
    """Compare what became of an address with its script, and its document with its page."""
    url = page.url
    if row is None:
        sums.wrong.append(f"{url}: announced, and never seen")
        return
    sums.fates[str(row.fate)] += 1
    sums.reasons[str(row.reason)] += 1
    if row.reason not in SCRIPTS[page.kind].ends:
        sums.wrong.append(f"{url}: {row.fate}: {row.reason} ({row.detail})")
    if row.claimed_by:
        sums.wrong.append(f"{url}: still claimed by {row.claimed_by}")
    is_held = row.fate in {Fate.INDEXED, Fate.UNCHANGED}
    if is_held != (document is not None):
        sums.wrong.append(f"{url}: {row.fate} in the ledger, {'not ' if is_held else ''}in the index")
    elif document is not None:
        sums.wrong += find_differences(page, document)


def find_differences(page: Page, document: Document) -> Iterator[str]:
    """Yield where a document does not say what the page's last visitor has seen, a line each."""
    is_corrected = page.is_corrected
    expected = {
        "id": article_id(page.url),
        "canonical_url": page.url,
        "headline": page.headline(is_corrected=is_corrected),
        "text": _one_line(page.text(is_corrected=is_corrected)),
    }
    for name, value in expected.items():
        indexed = _one_line(str(document.get(name)))
        if indexed != value:
            yield f"{page.url}: the index has the {name} {indexed!r} instead of {value!r}"


def _one_line(said: str) -> str:
    """Return it with one blank between words: where a page's lines break says nothing."""
    return " ".join(said.split())


def read_ledger(stack: Stack, web: RoughWeb) -> dict[str, Row]:
    """Return what the ledger says of this web's addresses, read as anybody might who knows SQL."""
    engine = create_engine(stack.ledger_url)
    query = text("SELECT url, fate, reason, detail, claimed_by, capture, entry FROM urls WHERE url LIKE :mine")
    try:
        with engine.connect() as connection:
            found = connection.execute(query, {"mine": f"http://127.%:{web.port}/%"}).all()
    finally:
        engine.dispose()
    return {
        row.url: Row(
            fate=row.fate,
            reason=row.reason,
            detail=row.detail,
            claimed_by=row.claimed_by,
            capture=codec.decode(row.capture, CaptureRef) if row.capture else None,
            title=codec.decode(row.entry, Entry).title,
        )
        for row in found
    }


def _audit_archive(stack: Stack, rows: dict[str, Row], sums: Sums) -> None:
    """Read the archive from end to end, and each place that the ledger names."""
    now = datetime.now(UTC)
    for url, row in rows.items():
        if row.capture is None:
            continue
        try:
            capture = stack.archived.read(row.capture)
        except NewswireError as error:
            sums.wrong.append(f"{url}: {error}")
            continue
        if capture.url != url:
            sums.wrong.append(f"{url}: the archive has {capture.url} there")
    whole = Counter[str]()
    for ref, _ in stack.archived.scan(now - timedelta(days=1), now + timedelta(days=1)):
        sums.captures += 1
        whole[ref.path] = max(whole[ref.path], ref.offset + ref.length)
    sums.cut_files = sum(
        path.stat().st_size > whole[str(path.relative_to(stack.archive))]
        for path in stack.archive.rglob("*.warc.gz")
        if str(path.relative_to(stack.archive)) in whole
    )


def _await(stack: Stack, is_met: Callable[[], bool], what: str, deadline: float) -> None:
    """Wait for the condition, and start again what ends by itself meanwhile."""
    while not is_met():
        if time.monotonic() > deadline:
            raise TooLate(f"not in time: {what}")
        stack.revive()
        time.sleep(0.5)


def _has_visits(web: RoughWeb, kill: Kill, say: Callable[[str], object]) -> bool:
    say(f"{web.visits} visits; the next kill comes after {kill.after_visits}")
    return web.visits >= kill.after_visits


def _is_done(stack: Stack, web: RoughWeb, say: Callable[[str], object]) -> bool:
    rows = read_ledger(stack, web)
    settled = sum(row.fate is not None for row in rows.values())
    say(f"{web.visits} visits, {len(rows)} of {len(web.pages)} addresses seen, {settled} settled")
    return rows.keys() >= web.pages.keys() and all(
        rows[url].fate and rows[url].title == page.headline(is_corrected=SCRIPTS[page.kind].is_announced_again)
        for url, page in web.pages.items()
    )
