"""How well reprints are found, beside MinHash with LSH, and how fast: every figure of docs/reprints.md.

    python benchmarks/reprints.py                    quality on what is held back, and speed at a million texts
    python benchmarks/reprints.py --tune             shares of copies and lookalikes on what settings are chosen on
    python benchmarks/reprints.py --quality          quality alone
    python benchmarks/reprints.py --speed            speed alone
    python benchmarks/reprints.py --texts 100000     speed with fewer texts in the ledger
    python benchmarks/reprints.py --copies 10000     copies of one text, in order and backwards

rensa and datasketch are measured where they are installed: .venv/bin/uv pip install rensa datasketch
"""

import argparse
import importlib.util
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from reprint_lookalikes import TEMPLATES, make_reports
from reprint_texts import HELD, TUNED, Rule, make_copies, own_words, read_paragraphs, read_texts, retell
from sqlalchemy import insert

from pipeline.adapters.sql_database import Database
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sql_schema import printing_keys, printings
from pipeline.model.reprint import Fingerprint, Printing, Standing
from pipeline.reprints import fingerprints
from pipeline.reprints.fingerprints import count_shared, take_fingerprints

START = datetime(2026, 11, 23, tzinfo=UTC)
BATCH = 50
#: A copy with this share of its words taken over must be found; below half of it, a link is wrong; between, either will do.
SHARED, UNRELATED = 0.4, 0.2
#: Of each template.
REPORTS = 150
#: Below this Jaccard coefficient, rensa is asked for a band a hash, else for 32 of four.
LOW = 0.3
#: Texts written at once.
FILLED = 20_000
#: Of a text of 450 words.
KEYS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A text in order of appearance, and the originals that it may name; None among them: it may name none."""

    id: str
    kind: str
    text: str
    allowed: frozenset[str | None]


@dataclass(slots=True)
class Score:
    """Links that are right, wrong, and missing."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    @property
    def precision(self) -> float:
        """Right links of all that were made."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Copies linked of all that must be."""
        return self.right / max(1, self.right + self.missing)


#: Texts in order to the id of the original that each names.
Finder = Callable[[Sequence[Given]], dict[str, str | None]]


def main() -> int:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--tune", action="store_true", help="shares on half A and the rules for tuning, and nothing else"
    )
    parser.add_argument("--quality", action="store_true", help="quality alone")
    parser.add_argument("--speed", action="store_true", help="speed alone")
    parser.add_argument("--texts", type=int, default=1_000_000, help="texts in the ledger when speed is measured")
    parser.add_argument("--copies", type=int, help="so many copies of one text, and nothing else")
    parser.add_argument("--ledger", default="", help="a database to measure on; default: SQLite in a new folder")
    given = parser.parse_args()
    if given.tune:
        print_shares()
    elif given.copies:
        print_copies(given.copies)
    else:
        if not given.speed:
            print_quality()
        if not given.quality:
            print_speed(given.texts, given.ledger)
    return 0


def print_shares() -> None:
    """Print what settings are chosen by: what copies and lookalikes have in common."""
    texts = read_texts("A")
    copies = [copy for copy in make_copies(texts, TUNED, seed=1) if copy.shared >= SHARED]
    pairs = {"copies": [(copy.text, texts[copy.original]) for copy in copies]}
    for name, templates in TEMPLATES.items():
        reports = list(make_reports(templates, 60, seed=1))
        pairs[name] = [(one, other) for at, one in enumerate(reports) for other in reports[:at]]
    pairs["retold"] = [(retell(text, random.Random(1)), text) for text in texts.values()]
    names = list(pairs)[1:]
    print("| words of a passage | copies: lowest 0.2 % | 1 % |", *(f"{name}: highest 0.1 % |" for name in names))
    chosen = fingerprints.PASSAGE, fingerprints.WINDOW
    for fingerprints.PASSAGE in (6, 8, 10, 12, 14, 16):
        shares = {name: [share(*pair) for pair in some] for name, some in pairs.items()}
        low = np.quantile(shares.pop("copies"), [0.002, 0.01])
        high = [np.quantile(found, 0.999) for found in shares.values()]
        print(f"| {fingerprints.PASSAGE} | " + " | ".join(f"{value:.3f}" for value in [*low, *high]) + " |")
    fingerprints.PASSAGE = chosen[0]
    print("\n| window | keys a text | pairs with a key in common: " + " | ".join(pairs) + " |")
    for fingerprints.WINDOW in (24, 32, 48, 64):
        keys = np.mean([len(fingerprint(text).keys) / 4 for text in texts.values()])
        meets = [np.mean([share_key(*pair) for pair in some]) for some in pairs.values()]
        print(f"| {fingerprints.WINDOW} | {keys:.1f} | " + " | ".join(f"{value:.4f}" for value in meets) + " |")
    fingerprints.PASSAGE, fingerprints.WINDOW = chosen


def fingerprint(text: str) -> Fingerprint:
    """Return one text's."""
    return take_fingerprints([text])[0]


def share(text: str, other: str) -> float:
    """Return the share of the text's passages that the other has."""
    shared, count, _ = count_shared(fingerprint(text).passages, fingerprint(other).passages)
    return shared / max(1, count)


def share_key(text: str, other: str) -> bool:
    """Tell whether the texts would find each other."""
    one, another = (np.frombuffer(fingerprint(each).keys, np.uint32) for each in (text, other))
    return bool(np.intersect1d(one, another).size)


def print_quality() -> None:
    """Print precision and recall on every half of texts and rules, ours beside the others."""
    finders = {"newswire": find_ours, **peers()}
    print("| finder | texts | rules | precision | recall | wrong links | documents/s |")
    print("|---|---|---|---|---|---|---|")
    by_kind: dict[str, Score] = {}
    for half, rules, name in (
        ("A", TUNED, "tuning"),
        ("A", HELD, "held back"),
        ("B", TUNED, "tuning"),
        ("B", HELD, "held back"),
    ):
        given = make_corpus(half, rules)
        for finder, find in finders.items():
            begun = time.process_time()
            scores = score(given, find(given))
            rate = len(given) / (time.process_time() - begun)
            total = add(scores.values())
            print(
                f"| {finder} | {half} | {name} | {total.precision:.4f} | {total.recall:.4f} | {total.wrong} | {rate:,.0f} |"
            )
            if finder == "newswire":
                by_kind |= {f"{half}, {kind}": one for kind, one in scores.items()}
    print("\n| texts, rule or lookalike | copies | recall | wrong links |\n|---|---|---|---|")
    for kind, one in by_kind.items():
        recall = f"{one.recall:.4f}" if one.right + one.missing else "–"
        print(f"| {kind} | {one.right + one.missing} | {recall} | {one.wrong} |")


def make_corpus(half: str, rules: dict[str, Rule]) -> list[Given]:
    """Return originals, copies and lookalikes in order of appearance: the originals first, then all mixed."""
    texts = read_texts(half)
    first = [Given(id=key, kind="original", text=text, allowed=frozenset({None})) for key, text in texts.items()]
    rest = []
    for number, copy in enumerate(make_copies(texts, rules, seed=2)):
        allowed = {copy.original} if copy.shared >= SHARED else {copy.original, None}
        rest.append(
            Given(
                id=f"copy {number}",
                kind=copy.rule,
                text=copy.text,
                allowed=frozenset(allowed if copy.shared >= UNRELATED else {None}),
            )
        )
    for name, templates in TEMPLATES.items():
        reports = make_reports(templates, REPORTS, seed=ord(half))
        rest += [
            Given(id=f"{name} {at}", kind=name, text=text, allowed=frozenset({None})) for at, text in enumerate(reports)
        ]
    chance = random.Random(half)
    rest += [
        Given(id=f"retold {key}", kind="retold", text=retell(text, chance), allowed=frozenset({None}))
        for key, text in texts.items()
    ]
    chance.shuffle(rest)
    return first + rest


def score(given: Sequence[Given], found: dict[str, str | None]) -> dict[str, Score]:
    """Return how right the links are, by kind of text."""
    scores: dict[str, Score] = defaultdict(Score)
    for each in given:
        one, named = scores[each.kind], found[each.id]
        if named is not None and named not in each.allowed:
            one.wrong += 1
        if None not in each.allowed:
            one.right += named in each.allowed
            one.missing += named is None
    return scores


def add(scores: Iterable[Score]) -> Score:
    """Return the sums."""
    total = Score()
    for one in scores:
        total = Score(total.right + one.right, total.wrong + one.wrong, total.missing + one.missing)
    return total


def as_printings(first: int, texts: Sequence[tuple[str, str]]) -> list[Printing]:
    """Return texts, each with its id, printed at that minute and those after it."""
    taken = take_fingerprints([text for _, text in texts])
    return [
        Printing(
            article_id=key,
            fingerprint=each,
            standing=Standing.NONE,
            printed_at=START + timedelta(minutes=first + number),
            captured_at=START + timedelta(minutes=first + number),
        )
        for number, ((key, _), each) in enumerate(zip(texts, taken, strict=True))
    ]


def find_ours(given: Sequence[Given]) -> dict[str, str | None]:
    """Link through a ledger, batch by batch."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(f"sqlite:///{folder}/ledger.sqlite")
        for start in range(0, len(given), BATCH):
            some = [(each.id, each.text) for each in given[start : start + BATCH]]
            ledger.link_printings(as_printings(start, some))
        while links := ledger.untold_reprints(limit=BATCH):
            ledger.mark_told(links)
        links = ledger.reprints([each.id for each in given])
        ledger.close()
    return {key: link.reprint_of if link else None for key, link in links.items()}


def peers() -> dict[str, Finder]:
    """Return MinHash with LSH by the libraries that are installed, at Jaccard thresholds that a copy may have."""
    found: dict[str, Finder] = {}
    if importlib.util.find_spec("rensa"):
        found |= {f"rensa, J ≥ {threshold}": rensa_finder(threshold) for threshold in (0.05, 0.1, 0.2, 0.4)}
    if importlib.util.find_spec("datasketch"):
        found |= {f"datasketch, J ≥ {threshold}": datasketch_finder(threshold) for threshold in (0.1, 0.2)}
    return found


def passages_of(text: str) -> list[str]:
    """Return the passages as the libraries take them: strings."""
    words = text.lower().split()
    length = fingerprints.PASSAGE
    return [" ".join(words[at : at + length]) for at in range(max(1, len(words) - length + 1))]


def rensa_finder(threshold: float) -> Finder:
    """Return a finder by rensa's RMinHash and LSH: the earliest of the candidates above the threshold."""
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - it may not be there

    def find(given: Sequence[Given]) -> dict[str, str | None]:
        index = RMinHashLSH(threshold=threshold, num_perm=128, num_bands=128 if threshold < LOW else 32)
        hashes, answer = [], {}
        for number, each in enumerate(given):
            one = RMinHash(num_perm=128, seed=42)
            one.update(passages_of(each.text))
            near = sorted(at for at in index.query(one) if hashes[at].jaccard(one) >= threshold)
            answer[each.id] = given[near[0]].id if near else None
            index.insert(number, one)
            hashes.append(one)
        return answer

    return find


def datasketch_finder(threshold: float) -> Finder:
    """Return a finder by datasketch's MinHash and MinHashLSH: the earliest of the candidates above the threshold."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - as above

    def find(given: Sequence[Given]) -> dict[str, str | None]:
        index = MinHashLSH(threshold=threshold, num_perm=128)
        hashes, answer = [], {}
        for number, each in enumerate(given):
            one = MinHash(num_perm=128)
            one.update_batch([passage.encode() for passage in passages_of(each.text)])
            near = sorted(at for at in index.query(one) if hashes[at].jaccard(one) >= threshold)
            answer[each.id] = given[near[0]].id if near else None
            index.insert(number, one)
            hashes.append(one)
        return answer

    return find


def print_speed(texts: int, url: str) -> None:
    """Print documents per second of one process, and bytes, while the ledger fills up."""
    sentences = [line for text in read_texts("A").values() for line in text.splitlines() if len(line) > 60]  # noqa: PLR2004 - letters
    with tempfile.TemporaryDirectory() as folder:
        url = url or f"sqlite:///{folder}/ledger.sqlite"
        ledger = open_ledger(url)
        print(
            "\n| texts remembered | documents a CPU-second | CPU ms a document: fingerprint | ledger | bytes a text |"
        )
        print("|---|---|---|---|---|")
        done = 0
        for wanted in sorted({texts // 100, texts // 10, texts}):
            fill(url, min(done, wanted), wanted)
            done = max(done, wanted)
            measure(ledger, done, sentences, Path(folder))
            done += 40 * BATCH
        ledger.close()


def fill(url: str, done: int, wanted: int) -> None:
    """Write texts of random hashes straight into the tables, which takes minutes instead of an hour."""
    chance = np.random.default_rng(done)
    database = Database(url)
    keys = chance.integers(-(2**31), 2**31, (wanted - done, KEYS), np.int32)
    numbers = np.repeat(np.arange(done + 1, wanted + 1), KEYS)
    order = np.argsort(keys, axis=None, kind="stable")
    for start in range(done, wanted, FILLED):
        count = min(FILLED, wanted - start)
        sketches = np.sort(chance.integers(0, 2**32, (2, count, fingerprints.SKETCH), np.uint32))
        rows = [
            {
                "number": start + at + 1,
                "article_id": f"text {start + at}",
                "standing": Standing.NONE,
                "printed_at": START,
                "captured_at": START,
                "keys": np.sort(keys[start - done + at].view(np.uint32)).tobytes(),
                "passages": sketches[0, at].tobytes(),
                "shingles": sketches[1, at].tobytes(),
                "is_told": True,
            }
            for at in range(count)
        ]
        with database.write() as connection:
            connection.execute(insert(printings), rows)
        print(f"\r  {start + count:,} of {wanted:,} texts", end="", file=sys.stderr)
    for start in range(0, len(order), FILLED * KEYS):
        some = order[start : start + FILLED * KEYS]
        pairs = zip(keys.ravel()[some].tolist(), numbers[some].tolist(), strict=True)
        with database.write() as connection:
            connection.execute(
                insert(printing_keys), [{"key": key, "printing": number} for key, number in dict(pairs).items()]
            )
        print(f"\r  {start + len(some):,} of {len(order):,} keys", end="", file=sys.stderr)
    database.close()
    print(file=sys.stderr)


def measure(ledger: SqlLedger, known: int, sentences: Sequence[str], folder: Path) -> None:
    """Link 40 batches of texts, a third of them copies of each other, and print the row."""
    chance = random.Random(known)
    written: list[str] = []
    while len(written) < 40 * BATCH:
        if written and chance.random() < 1 / 3:
            own = own_words(chance, sentences, 60)
            text = chance.choice(written[-200:])[: chance.randint(1000, 3000)]
            written.append(text + " ".join(word for line in own for word, _ in line))
        else:
            written.append(" ".join(word for line in own_words(chance, sentences, 450) for word, _ in line))
    named = [(f"text {known + at}", text) for at, text in enumerate(written)]
    begun = time.process_time()
    texts = [each for at in range(0, len(named), BATCH) for each in as_printings(known + at, named[at : at + BATCH])]
    between = time.process_time()
    for start in range(0, len(texts), BATCH):
        ledger.link_printings(texts[start : start + BATCH])
    ended, count = time.process_time(), len(texts)
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(
        f"| {known:,} | {count / (ended - begun):,.0f} | {1000 * (between - begun) / count:.2f} "
        f"| {1000 * (ended - between) / count:.2f} | {size / known:,.0f} |",
        flush=True,
    )


def print_copies(count: int) -> None:
    """Print what copies of one text cost, and how many names the documents are given until all say the same."""
    text = "\n".join(
        " ".join(word for word, _ in line) for line in read_paragraphs(next(iter(read_texts("A").values())))
    )
    print("| copies | order | documents/s | corrections | originals |\n|---|---|---|---|---|")
    for copies in (count // 10, count):
        for order in ("as printed", "backwards"):
            with tempfile.TemporaryDirectory() as folder:
                ledger = open_ledger(f"sqlite:///{folder}/ledger.sqlite")
                texts = as_printings(0, [(f"copy {at:06}", f"{text} copy {at}") for at in range(copies)])
                if order == "backwards":
                    texts.reverse()
                begun, corrections = time.process_time(), Counter[str]()
                for start in range(0, copies, BATCH):
                    ledger.link_printings(texts[start : start + BATCH])
                    corrections.update(_tell(ledger))
                while told := _tell(ledger):
                    corrections.update(told)
                rate = copies / (time.process_time() - begun)
                links = ledger.reprints([each.article_id for each in texts])
                named = {link.reprint_of for link in links.values() if link}
                print(f"| {copies:,} | {order} | {rate:,.0f} | {corrections.total():,} | {len(named)} |", flush=True)
                ledger.close()


def _tell(ledger: SqlLedger) -> list[str]:
    links = ledger.untold_reprints(limit=200)
    ledger.mark_told(links)
    return list(links)


if __name__ == "__main__":
    sys.exit(main())
