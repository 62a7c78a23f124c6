"""How many copies are found, and how many links are wrong: ours, beside MinHash with LSH in the environment of the peers."""

import json
import random
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reprint_lookalikes import TEMPLATES, make_reports
from reprint_texts import HELD, TUNED, Rule, make_copies, read_texts, retell

from pipeline.adapters.sql_ledger import open_ledger
from pipeline.model.reprint import Printing, Standing
from pipeline.reprints.fingerprints import PASSAGE, take_fingerprints

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
START = datetime(2026, 11, 23, tzinfo=UTC)
BATCH = 50
#: A copy with this share of its words taken over must be found; below half of it, a link is wrong; between, either will do.
SHARED, UNRELATED = 0.4, 0.2
#: Of each template.
REPORTS = 150
#: Which half of the texts, which rules, and their name.
CORPORA = (
    ("A", TUNED, "tuning"),
    ("A", HELD, "held back"),
    ("B", TUNED, "tuning"),
    ("B", HELD, "held back"),
)
#: By the id of each text, the id of the original that it names.
Links = dict[str, str | None]


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


def print_quality() -> None:
    """Print precision and recall on every half of texts and rules, ours beside the others."""
    if not PEERS.exists():
        print(f"(no peers: {PEERS.relative_to(ROOT)} is missing, make bench makes it)")
    print("| finder | texts | rules | precision | recall | wrong links | documents/s |")
    print("|---|---|---|---|---|---|---|")
    by_kind: dict[str, Score] = {}
    for half, rules, name in CORPORA:
        given = make_corpus(half, rules)
        begun = time.process_time()
        links = find_ours(given)
        ours = links, time.process_time() - begun
        by_kind |= {f"{half}, {kind}": one for kind, one in score(given, links).items()}
        for finder, (found, seconds) in {"newswire": ours, **ask_peers(given)}.items():
            total = add(score(given, found).values())
            print(
                f"| {finder} | {half} | {name} | {total.precision:.4f} | {total.recall:.4f} | {total.wrong} "
                f"| {len(given) / seconds:,.0f} |",
                flush=True,
            )
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


def score(given: Sequence[Given], found: Links) -> dict[str, Score]:
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


def find_ours(given: Sequence[Given]) -> Links:
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


def ask_peers(given: Sequence[Given]) -> dict[str, tuple[Links, float]]:
    """Return each peer's links and the CPU seconds that they took; none where their environment is missing."""
    if not PEERS.exists():
        return {}
    lines = "".join(json.dumps(each.text) + "\n" for each in given)
    command = [str(PEERS), str(Path(__file__).with_name("reprint_peers.py")), str(PASSAGE)]
    answer = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    found = json.loads(answer.stdout.splitlines()[-1])
    return {
        name: (
            {
                each.id: None if number is None else given[number].id
                for each, number in zip(given, one["originals"], strict=True)
            },
            one["seconds"],
        )
        for name, one in found.items()
    }
