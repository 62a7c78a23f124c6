"""Same person? Ours and the peers on data/names.tsv, and what looking a name up costs among 1,000 to 1,000,000 known ones.

A pair is in half A or B by a hash of its names. Our rules were fitted on A alone; a peer's threshold is the one that is best on
A. Peers are left out where their environment is missing (``make bench`` makes it).
"""

import argparse
import csv
import hashlib
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, chain, islice, product
from pathlib import Path

from pipeline.adapters.sql_ledger import open_ledger
from pipeline.enrich.linking import MOST_CANDIDATES, choose_known, entity_keys
from pipeline.enrich.names.chinese import pinyin, surnames_of_china
from pipeline.enrich.names.comparison import compare_names
from pipeline.enrich.names.given import variants
from pipeline.enrich.names.keys import person_key
from pipeline.enrich.names.parts import parse_name
from pipeline.enrich.tagging.lexicon import load_lexicon
from pipeline.enrich.tagging.tokens import Integers
from pipeline.knowledge.imports import import_watchlist
from pipeline.knowledge.watchlists import Problem
from pipeline.model.entity import Kind
from pipeline.ports import Knowledge

ROOT = Path(__file__).parents[1]
PAIRS = Path(__file__).parent / "data" / "names.tsv"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
_INITIALS = 2  # letters
ASKED = 200  # names looked up, of a batch of articles
_SYLLABLES = ["".join(pair) for pair in product("bdfghklmnprstvz", "aeio")]


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
    """Print what an import and look-ups cost in ledgers of these sizes, and whether the labelled pairs are still found."""
    print(
        f"Looking up {ASKED} names among known people (SQLite) and choosing who is meant; half of the names are known."
    )
    print(
        "Milliseconds are the processor's: alone, one name a call; in a batch, all at once; nothing is cached of names before."
    )
    print("Pairs: the share of those that compare as one whose one name finds the other.")
    print(
        f"{'known':>10}{'alone, ms: median':>19}{'p95':>7}{'compared: mean':>16}{'p95':>5}{'in a batch, ms':>16}"
        f"{'pairs A':>9}{'B':>6}{'import, s':>11}{'peak MB':>9}{'file MB':>9}"
    )
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                sys.executable,
                __file__,
                str(size),
                folder,
            ]  # each in a process of its own: its memory is its peak
            subprocess.run(command, check=True)


def print_cost(size: int, folder: Path) -> None:
    """Print one line of the table."""
    pairs = [pair for pair in read_pairs() if pair.is_same and compare_names(pair.one, pair.other).is_same]
    database = folder / "ledger.sqlite"
    ledger = open_ledger(f"sqlite:///{database}")
    started, elapsed = time.perf_counter(), time.process_time()
    import_watchlist(make_lines(size, pairs), "list.jsonl", knowledge=ledger.knowledge, now=_NOW, on_problem=_refuse)
    imported, elapsed = time.perf_counter() - started, time.process_time() - elapsed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    every = size // (ASKED // 2)
    asked = [*islice(make_names(size), every // 2, None, every), *make_names(ASKED // 2, seed=2)]
    alone, compared = zip(*(_look_up([name], ledger.knowledge) for name in asked), strict=True)
    batch = min(_look_up(asked, ledger.knowledge)[0] for _ in range(3)) / len(asked)
    found = {half: [_is_found(pair, ledger.knowledge) for pair in pairs if pair.half == half] for half in "AB"}
    ledger.close()
    shares = [sum(those) / len(those) for those in found.values()]
    print(
        f"{size:>10,}{statistics.median(alone):>19.2f}{_p95(alone):>7.2f}{statistics.mean(compared):>16.1f}"
        f"{_p95(compared):>5.0f}{batch:>16.2f}{shares[0]:>9.3f}{shares[1]:>6.3f}{imported:>11.0f}{peak:>9.0f}"
        f"{database.stat().st_size / 1e6:>9.0f}   ({elapsed:.0f} s of the processor)",
        flush=True,
    )


def _look_up(names: Sequence[str], knowledge: Knowledge) -> tuple[float, float]:
    """Return the milliseconds of the processor that it took, and how many candidates a name has."""
    for cached in (compare_names, parse_name, person_key):
        cached.cache_clear()
    started = time.process_time()
    found = knowledge.candidates([entity_keys(Kind.PERSON, [name]) for name in names], limit=MOST_CANDIDATES)
    for name, those in zip(names, found, strict=True):
        choose_known(Kind.PERSON, name, those, ())
    return (time.process_time() - started) * 1e3, sum(map(len, found)) / len(names)


def _is_found(pair: Pair, knowledge: Knowledge) -> bool:
    [found] = knowledge.candidates([entity_keys(Kind.PERSON, [pair.other])], limit=MOST_CANDIDATES)
    return any(each.name == pair.one for each in found)


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _refuse(problem: Problem) -> None:
    raise ValueError(problem)


def make_lines(count: int, pairs: Sequence[Pair]) -> Iterator[bytes]:
    """Yield a watch-list of so many made-up people, and one name of each pair."""
    for number, name in enumerate(chain(make_names(count), (pair.one for pair in pairs))):
        yield json.dumps({"id": f"person-{number}", "name": name, "country": "xx"}).encode()


def make_names(count: int, seed: int = 1) -> Iterator[str]:
    """Yield made-up people's names, some of them many people's, as in life.

    85 of 100 have a given name, 30 of them another behind it, and a surname; the names are those of the tagger's lexicon, the
    nth as often as 1 / (n + 9) says (Zipf and Mandelbrot): the most common surname is 1 in 100, the thousandth 1 in 10,000, as
    in censuses. 35 in 100 surnames are of the long tail: two to four syllables. 15 of 100 people have a Chinese name in pinyin,
    of 180 surnames, the first 7 in 100, and one or two syllables.
    """
    chance, order = random.Random(seed), random.Random(0)
    given = _Common([*_common_words(load_lexicon().given_names), *order.sample(sorted(variants()), len(variants()))], 9)
    surnames = _Common(_common_words(load_lexicon().surnames), 9)
    clans, syllables = (
        _Common(order.sample(sorted(names), len(names)), offset)
        for names, offset in ((surnames_of_china(), 4), (pinyin(), 20))
    )
    for _ in range(count):
        if chance.random() < 0.15:  # noqa: PLR2004 - as above
            words = [
                clans.draw(chance),
                "".join(syllables.draw(chance) for _ in range(chance.choice((1, 2, 2, 2, 2, 2)))),
            ]
        else:
            tail = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))
            words = [given.draw(chance) for _ in range(1 + (chance.random() < 0.3))]  # noqa: PLR2004 - as above
            words.append(tail if chance.random() < 0.35 else surnames.draw(chance))  # noqa: PLR2004 - as above
        yield " ".join(words).title()


class _Common:
    """Names, the most common first."""

    def __init__(self, names: Sequence[str], offset: int) -> None:
        self._names = list(dict.fromkeys(names))
        self._weights = list(accumulate(1 / (place + offset) for place in range(len(self._names))))

    def draw(self, chance: random.Random) -> str:
        """Return one of them."""
        return chance.choices(self._names, cum_weights=self._weights)[0]


def _common_words(classes: Integers) -> list[str]:
    """Return the words that the lexicon has in its three classes, those of the first before those of the second."""
    rows = load_lexicon().rows
    words = (word for word, row in rows.items() if classes[row] and len(word) > _INITIALS)
    return sorted(words, key=lambda word: classes[rows[word]])


_NOW = datetime(2026, 11, 1, tzinfo=UTC)

if __name__ == "__main__":
    print_cost(int(sys.argv[1]), Path(sys.argv[2]))
