"""Same person? Ours and the peers on data/names.tsv, and what looking a name up costs among 1,000 to 1,000,000 known ones.

A pair is in half A or B by a hash of its names. Our rules were fitted on A alone; a peer's threshold is the one that is best on
A. Peers are left out where their environment is missing (``make bench`` makes it).
"""

import argparse
import csv
import hashlib
import json
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from pipeline.adapters.sql_ledger import open_ledger
from pipeline.enrich.linking import MOST_CANDIDATES, choose_known, entity_keys
from pipeline.enrich.names.comparison import compare_names
from pipeline.enrich.names.given import variants
from pipeline.enrich.names.keys import person_key
from pipeline.model.entity import Kind
from pipeline.model.known import KnownEntity

ROOT = Path(__file__).parents[1]
PAIRS = Path(__file__).parent / "data" / "names.tsv"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
ASKED = 200  # names looked up, of a batch of articles
_SYLLABLES = ["".join(pair) for pair in product("bdfghklmnprstvz", "aeio")]
_PIECE = 2_000  # entities imported at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two names, and whether they are one person's."""

    one: str
    other: str
    is_same: bool
    half: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Precision, recall and F of answers."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return their harmonic mean."""
        return 2 * self.precision * self.recall / ((self.precision + self.recall) or 1)


def main(arguments: list[str]) -> int:
    """Print both tables; return the exit code."""
    parser = argparse.ArgumentParser(prog="entities.py names", description=__doc__)
    parser.add_argument("--errors", action="store_true", help="print the pairs of half A that we get wrong")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="known entities at most")
    options = parser.parse_args(arguments)
    compare(read_pairs(), with_errors=options.errors)
    print()
    print_costs([size for size in SIZES if size <= options.most])
    return 0


def read_pairs() -> list[Pair]:
    """Return all pairs with their halves."""
    with PAIRS.open(encoding="utf-8", newline="") as lines:
        return [
            Pair(
                one=row["one"],
                other=row["other"],
                is_same=row["verdict"] == "same",
                half="AB"[hashlib.sha256(f"{row['one']}\t{row['other']}".encode()).digest()[0] % 2],
                about=row["about"],
            )
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def judge(pairs: Sequence[Pair], answers: Sequence[bool]) -> Score:
    """Return how good the answers are."""
    right = sum(pair.is_same and answer for pair, answer in zip(pairs, answers, strict=True))
    return Score(precision=right / (sum(answers) or 1), recall=right / (sum(pair.is_same for pair in pairs) or 1))


def compare(pairs: Sequence[Pair], *, with_errors: bool) -> None:
    """Print precision, recall and F on both halves, of ours and of each peer."""
    counts = {half: [pair for pair in pairs if pair.half == half] for half in "AB"}
    sizes = ", ".join(
        f"{half}: {len(those)} ({sum(pair.is_same for pair in those)} same)" for half, those in counts.items()
    )
    print(f"Same person? {len(pairs)} pairs, {sizes}; precision, recall, F")
    print(f"{'':<28}{'half A':<20}{'half B':<20}microseconds a pair")
    compare_names("Ann", "Anne")
    started = time.process_time()
    ours = [compare_names(pair.one, pair.other).is_same for pair in pairs]
    _print_row("newswire", pairs, ours, (time.process_time() - started) / len(pairs) * 1e6)
    started = time.process_time()
    by_key = [person_key(pair.one) == person_key(pair.other) for pair in pairs]
    _print_row("newswire, ids alone", pairs, by_key, (time.process_time() - started) / len(pairs) * 1e6)
    for name, found in ask_peers(pairs).items():
        scores = found["scores"]
        threshold = best_threshold(pairs, scores)
        answers = [score >= threshold for score in scores]
        _print_row(f"{name} ≥ {threshold:.2f}", pairs, answers, found["microseconds"])
    if with_errors:
        for pair, answer in zip(pairs, ours, strict=True):
            if pair.half == "A" and answer is not pair.is_same:
                print("wrong:", pair.one, "|", pair.other, "|", compare_names(pair.one, pair.other))


def ask_peers(pairs: Sequence[Pair]) -> dict[str, dict[str, object]]:
    """Return each peer's scores; none where their environment is missing."""
    if not PEERS.exists():
        print(f"(no peers: {PEERS.relative_to(ROOT)} is missing, make bench makes it)")
        return {}
    lines = "".join(json.dumps([pair.one, pair.other]) + "\n" for pair in pairs)
    command = [str(PEERS), str(Path(__file__).with_name("name_peers.py"))]
    answer = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, object]] = json.loads(answer.stdout.splitlines()[-1])
    return found


def best_threshold(pairs: Sequence[Pair], scores: Sequence[float]) -> float:
    """Return the score from which on a peer should say yes, by half A."""
    fitted = [(pair, score) for pair, score in zip(pairs, scores, strict=True) if pair.half == "A"]
    chosen = [pair for pair, _ in fitted]
    return max(sorted(set(scores)), key=lambda least: judge(chosen, [score >= least for _, score in fitted]).f1)


def _print_row(name: str, pairs: Sequence[Pair], answers: Sequence[bool], microseconds: float) -> None:
    cells = []
    for half in "AB":
        chosen = [(pair, answer) for pair, answer in zip(pairs, answers, strict=True) if pair.half == half]
        score = judge([pair for pair, _ in chosen], [answer for _, answer in chosen])
        cells.append(f"{score.precision:.3f} {score.recall:.3f} {score.f1:.3f}")
    print(f"{name:<34}{cells[0]:<20}{cells[1]:<20}{microseconds:.0f}")


def print_costs(sizes: Sequence[int]) -> None:
    """Print what a look-up costs in ledgers of these sizes."""
    print(f"Looking up {ASKED} names at once among known people (SQLite), and choosing who is meant")
    print(
        f"{'known':>10}{'milliseconds a name':>22}{'candidates a name':>20}{'Python, MB':>12}{'file, MB':>10}{'import, s':>11}"
    )
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _print_cost(size, Path(folder))


def _print_cost(size: int, folder: Path) -> None:
    database = folder / "ledger.sqlite"
    ledger = open_ledger(f"sqlite:///{database}")
    knowledge = ledger.knowledge
    started = time.perf_counter()
    piece: list[KnownEntity] = []
    for entity in make_people(size):
        piece.append(entity)
        if len(piece) == _PIECE:
            knowledge.add_known([(each, entity_keys(each.kind, each.names)) for each in piece], _NOW)
            piece = []
    knowledge.add_known([(each, entity_keys(each.kind, each.names)) for each in piece], _NOW)
    imported = time.perf_counter() - started
    asked = [entity.name for entity in make_people(ASKED, seed=2)]
    milliseconds, candidates = min(_look_up(asked, knowledge.candidates) for _ in range(3))
    megabytes = database.stat().st_size / 1e6
    ledger.close()
    print(
        f"{size:>10,}{milliseconds:>22.3f}{candidates:>20.1f}{_resident_mb():>12.0f}{megabytes:>10.0f}{imported:>11.0f}",
        flush=True,
    )


def _look_up(names: Sequence[str], candidates: Callable[..., object]) -> tuple[float, float]:
    started = time.perf_counter()
    by_name = {name: entity_keys(Kind.PERSON, [name]) for name in names}
    found = candidates({key for keys in by_name.values() for key in keys}, limit=MOST_CANDIDATES)
    count = 0
    for name, keys in by_name.items():
        those = {each.id: each for key in keys for each in found.get(key, ())}
        count += len(those)
        choose_known(Kind.PERSON, name, those.values(), ())
    return (time.perf_counter() - started) / len(names) * 1e3, count / len(names)


def make_people(count: int, seed: int = 1) -> Iterator[KnownEntity]:
    """Yield made-up people: given names as often as names are, surnames of two to four syllables."""
    chance = random.Random(seed)
    given = sorted(variants())
    weights = [1 / (place + 1) for place in range(len(given))]
    for number in range(count):
        first = chance.choices(given, weights)[0].title()
        last = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))).title()
        yield KnownEntity(id=f"person-{number}", kind=Kind.PERSON, name=f"{first} {last}", countries=("XX",))


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


_NOW = datetime(2026, 11, 1, tzinfo=UTC)
