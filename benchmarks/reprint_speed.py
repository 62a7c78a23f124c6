"""How fast reprints are found while the ledger fills up, and what many copies of one text cost."""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from reprint_quality import BATCH, START, as_printings
from reprint_texts import own_words, read_paragraphs, read_texts
from sqlalchemy import func, insert, select

from pipeline.adapters.sql_database import Database
from pipeline.adapters.sql_keys import insert_pairs
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sql_schema import printing_keys, printings
from pipeline.model.reprint import Standing
from pipeline.reprints import fingerprints
from pipeline.urls import article_id

#: Texts written at once: their keys lie in order, but not those of all texts, as they do where texts come a batch at a time.
FILLED = 50_000
#: Words of a text, and the keys that it has then.
WORDS, KEYS = 450, 14


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
        done = count_texts(url)
        for wanted in sorted(each for each in {texts // 100, texts // 10, texts} if each >= min(done, texts)):
            fill(url, min(done, wanted), wanted)
            done = max(done, wanted)
            measure(ledger, done, sentences, Path(url.removeprefix("sqlite:///")))
            done += 40 * BATCH
        ledger.close()


def count_texts(url: str) -> int:
    """Return how many texts an earlier run left in the ledger."""
    database = Database(url)
    with database.read() as connection:
        found = connection.execute(select(func.max(printings.c.number))).scalar() or 0
    database.close()
    return found


def fill(url: str, done: int, wanted: int) -> None:
    """Write texts of random hashes straight into the tables, which takes minutes instead of an hour."""
    chance = np.random.default_rng(done)
    database = Database(url)
    size = fingerprints.SKETCH * fingerprints.HASH_BYTES
    for start in range(done, wanted, FILLED):
        numbers = range(start + 1, min(start + FILLED, wanted) + 1)
        keys = np.sort(chance.integers(0, 2**32, (len(numbers), KEYS), np.uint32))
        rows = [
            {
                "number": number,
                "article_id": id_of(number),
                "standing": Standing.NONE,
                "printed_at": START,
                "captured_at": START,
                "keys": own.tobytes(),
                "passages": chance.bytes(size),
                "shingles": chance.bytes(size),
                "is_told": True,
            }
            for number, own in zip(numbers, keys, strict=True)
        ]
        flat, texts = keys.view(np.int32).ravel(), np.repeat(np.array(numbers), KEYS)
        order = np.lexsort((texts, flat))
        with database.write() as connection:
            connection.execute(insert(printings), rows)
            pairs = list(dict.fromkeys(zip(flat[order].tolist(), texts[order].tolist(), strict=True)))
            insert_pairs(connection, printing_keys, pairs)
        print(f"\r  {start + len(rows):,} of {wanted:,} texts", end="", file=sys.stderr)
    database.close()
    print(file=sys.stderr)


def id_of(number: int) -> str:
    """Return an article's id, which lies anywhere among the others, as real ones do."""
    return article_id(f"https://news.example/{number}")


def measure(ledger: SqlLedger, known: int, sentences: Sequence[str], file: Path) -> None:
    """Link 40 batches of texts, a third of them copies of each other, and print the row."""
    chance = random.Random(known)
    written: list[str] = []
    while len(written) < 40 * BATCH:
        if written and chance.random() < 1 / 3:
            own = own_words(chance, sentences, 60)
            text = chance.choice(written[-200:])[: chance.randint(1000, 3000)]
            written.append(text + " ".join(word for line in own for word, _ in line))
        else:
            written.append(" ".join(word for line in own_words(chance, sentences, WORDS) for word, _ in line))
    named = [(id_of(known + at), text) for at, text in enumerate(written, 1)]
    begun = time.process_time()
    texts = [each for at in range(0, len(named), BATCH) for each in as_printings(known + at, named[at : at + BATCH])]
    between = time.process_time()
    for start in range(0, len(texts), BATCH):
        ledger.link_printings(texts[start : start + BATCH])
    ended, count = time.process_time(), len(texts)
    size = file.stat().st_size if file.exists() else 0  # beside it lies the log, of at most 32 MB
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
