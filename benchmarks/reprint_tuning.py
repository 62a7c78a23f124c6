"""What the settings of the search for reprints are chosen by: half A of the texts, and the rules for tuning."""

import random

import numpy as np
from reprint_lookalikes import TEMPLATES, make_reports
from reprint_quality import SHARED, START
from reprint_texts import TUNED, make_copies, read_texts, retell

from pipeline.model.reprint import Fingerprint, Printing, Standing
from pipeline.reprints import fingerprints, originals
from pipeline.reprints.fingerprints import count_shared, take_fingerprints
from pipeline.reprints.originals import compare

#: Reports of each template, every two of them a pair.
REPORTS = 60
#: Passages in common that prove nothing, and least shares beside them.
FREE, LIMITS = (0, 5, 9, 13), (0.12, 0.13, 0.14, 0.16, 0.18, 0.2)
Pairs = dict[str, list[tuple[str, str]]]


def print_tables() -> None:
    """Print what copies and lookalikes have in common, by each setting."""
    pairs = make_pairs()
    print(", ".join(f"{name}: {len(some):,} pairs" for name, some in pairs.items()) + "\n")
    settings = (
        fingerprints.PASSAGE,
        fingerprints.PHRASE,
        fingerprints.WINDOW,
        originals.NOTHING_PROVEN,
        originals.LEAST_SHARED,
    )
    _print_passages(pairs)
    fingerprints.PASSAGE = settings[0]
    _print_windows(pairs)
    fingerprints.PHRASE, fingerprints.WINDOW = settings[1:3]
    _print_limits(pairs)
    originals.NOTHING_PROVEN, originals.LEAST_SHARED = settings[3:]


def make_pairs() -> Pairs:
    """Return copies with at least two fifths of their words taken over, and lookalikes, each with what it looks like."""
    texts = read_texts("A")
    copies = [copy for copy in make_copies(texts, TUNED, seed=1) if copy.shared >= SHARED]
    pairs = {"copies": [(copy.text, texts[copy.original]) for copy in copies]}
    for name, templates in TEMPLATES.items():
        reports = list(make_reports(templates, REPORTS, seed=1))
        pairs[name] = [(one, other) for at, one in enumerate(reports) for other in reports[:at]]
    pairs["retold"] = [(retell(text, random.Random(1)), text) for text in texts.values()]
    return pairs


def _print_passages(pairs: Pairs) -> None:
    names = list(pairs)[1:]
    print("| words of a passage | copies: lowest 0.2 % | 1 % |", *(f"{name}: highest 0.1 % |" for name in names))
    for fingerprints.PASSAGE in (6, 8, 10, 12, 14, 16):
        taken = take(pairs)
        shares = {
            name: [share(taken[one].passages, taken[other].passages) for one, other in some]
            for name, some in pairs.items()
        }
        low = np.quantile(shares.pop("copies"), [0.002, 0.01])
        high = [np.quantile(found, 0.999) for found in shares.values()]
        print(f"| {fingerprints.PASSAGE} | " + " | ".join(f"{value:.3f}" for value in [*low, *high]) + " |")


def _print_windows(pairs: Pairs) -> None:
    print("\n| words of a phrase | window | keys a text | pairs with a key in common: " + " | ".join(pairs) + " |")
    for fingerprints.PHRASE in (8, 12):
        for fingerprints.WINDOW in (48, 56, 64, 72, 80):
            taken = take(pairs)
            keys = np.mean([len(taken[original].keys) / 4 for _, original in pairs["retold"]])
            row = " | ".join(f"{len(meet(some, taken)) / len(some):.4f}" for some in pairs.values())
            print(f"| {fingerprints.PHRASE} | {fingerprints.WINDOW} | {keys:.1f} | {row} |")


def _print_limits(pairs: Pairs) -> None:
    printed = {text: as_printing(each) for text, each in take(pairs).items()}
    met = {name: meet(some, take(pairs)) for name, some in pairs.items()}
    print("\n| prove nothing | least share | pairs linked: " + " | ".join(pairs) + " |")
    for originals.NOTHING_PROVEN in FREE:
        for originals.LEAST_SHARED in LIMITS:
            linked = [
                sum(compare(printed[text], printed[other]) is not None for text, other in met[name]) / len(some)
                for name, some in pairs.items()
            ]
            row = " | ".join(f"{value:.4f}" for value in linked)
            print(f"| {originals.NOTHING_PROVEN} | {originals.LEAST_SHARED} | {row} |")


def take(pairs: Pairs) -> dict[str, Fingerprint]:
    """Return the fingerprints of the pairs' texts."""
    texts = list({text for some in pairs.values() for pair in some for text in pair})
    return dict(zip(texts, take_fingerprints(texts), strict=True))


def as_printing(taken: Fingerprint) -> Printing:
    """Return a printing of some article."""
    return Printing(article_id="", fingerprint=taken, standing=Standing.NONE, printed_at=START, captured_at=START)


def share(sketch: bytes, other: bytes) -> float:
    """Return the share of the text's hashes that the other has."""
    shared, count, _ = count_shared(sketch, other)
    return shared / max(1, count)


def meet(pairs: list[tuple[str, str]], taken: dict[str, Fingerprint]) -> list[tuple[str, str]]:
    """Return the pairs that would find each other."""
    keys = {text: set(np.frombuffer(each.keys, np.uint32).tolist()) for text, each in taken.items()}
    return [(one, other) for one, other in pairs if keys[one] & keys[other]]
