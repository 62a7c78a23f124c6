"""What enrichment costs: words per CPU-second against the base model alone, step by step, and memory; one process, one thread."""

import gzip
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.adapters.english_tagger import PACKAGE, read_tokens
from pipeline.adapters.spacy_tagger import load_model
from pipeline.adapters.tagger import InstalledTagger
from pipeline.enrich.annotate import Source, annotate_texts
from pipeline.enrich.language import decide_language
from pipeline.enrich.places import load_gazetteer
from pipeline.enrich.tagging.decoding import find_spans
from pipeline.enrich.tagging.features import list_features
from pipeline.enrich.tagging.network import load_networks
from pipeline.enrich.tagging.tagger import score_tokens
from pipeline.flow import PIECE
from pipeline.model.entity import Mention
from pipeline.ports import Tagger

PAGES = Path(__file__).parents[2] / "shared" / "devset" / "extract" / "scrapinghub.jsonl.gz"
#: Texts of pages; enough for a steady figure.
TEXTS = 60
ROUNDS = 3


def print_cost() -> None:
    """Print words per CPU-second of the base model and of all of enrichment in turn, then steps and memory."""
    texts = read_texts()
    words = sum(len(text.split()) for text in texts)
    base, ours = [], []
    annotate(texts)  # loads what is loaded once
    list(load_model(PACKAGE).pipe(texts[:2]))
    for _ in range(ROUNDS):
        base.append(clock(lambda: list(load_model(PACKAGE).pipe(texts, batch_size=32))))
        ours.append(clock(lambda: annotate(texts)))
    ratio = statistics.median(one / other for one, other in zip(base, ours, strict=True))
    print(f"{words} words in {len(texts)} texts, words per CPU-second, best of {ROUNDS}")
    print(f"    the base model alone {words / min(base):8.0f}")
    print(f"    all of enrichment    {words / min(ours):8.0f}   {ratio:.2f} of the base model alone (median)")
    steps = time_steps(texts)
    for name, seconds in steps.items():
        print(f"    {name:38} {1e6 * seconds / words:6.1f} µs a word")
    peak = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True).stdout.strip()
    print(f"memory of a process that annotates them: {peak} MB at most")


def read_texts() -> list[str]:
    """Return the texts of labelled pages."""
    with gzip.open(PAGES, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line, _ in zip(lines, range(TEXTS), strict=False)]


def annotate(texts: list[str], tagger: Tagger | None = None) -> None:
    """Annotate the texts as English, so many in a call as a run does."""
    tagger = tagger or InstalledTagger()
    sources = [Source(text=text, declared_language="en") for text in texts]
    for begin in range(0, len(sources), PIECE):
        annotate_texts(sources[begin : begin + PIECE], tagger, load_gazetteer())


def time_steps(texts: list[str]) -> dict[str, float]:
    """Return CPU-seconds of the tagger's steps."""
    read = list(read_tokens(texts))
    listed = [list_features(tokens) for tokens in read]
    networks = load_networks()
    scores = [score_tokens(tokens, names, networks) for tokens, names in zip(read, listed, strict=True)]
    tagged = _Tagged(texts)
    language = clock(lambda: [decide_language(text, "en") for text in texts])
    return {
        "language": language,
        "tokens and vectors of the base model": clock(lambda: list(read_tokens(texts))),
        "features": clock(lambda: [list_features(tokens) for tokens in read]),
        "networks": clock(
            lambda: [score_tokens(tokens, names, networks) for tokens, names in zip(read, listed, strict=True)]
        ),
        "decoding": clock(lambda: [find_spans(each) for each in scores]),
        "mentions to entities, places, quotes": clock(lambda: annotate(texts, tagged)) - language,
    }


class _Tagged:
    """A Tagger that has tagged the texts before."""

    def __init__(self, texts: list[str]) -> None:
        self._mentions = dict(zip(texts, InstalledTagger().tag(texts, "en") or (), strict=True))

    def tag(self, texts: Sequence[str], language: str) -> tuple[tuple[Mention, ...], ...] | None:
        """Return what was found in each text; None where the text itself is of another language."""
        if language != "en":
            return None
        return tuple(self._mentions[text] for text in texts)


def clock(work: Callable[[], object]) -> float:
    """Return the CPU-seconds that the work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    annotate(read_texts())
    # Not getrusage: what that says of a child begins with its parent's peak.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(f"{int(status.partition('VmHWM:')[2].split()[0]) / 1024:.0f}")
