"""How well walls are told from articles, on the pages of tests/walls.

Each page's folder says what it is; its file's name begins with its language, and pages.tsv says its kind and address.
Half A, by a hash of the file's name, is for tuning; half B is held back: its single errors are never listed.
"""

import argparse
import csv
import hashlib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from pipeline.model.feed import Rules

PAGES = Path(__file__).parents[1] / "tests" / "walls"
ARTICLE = "article"
#: The reasons that each folder of pages stands for.
FOLDERS: dict[str, frozenset[Reason]] = {
    "consent": frozenset({Reason.CONSENT}),
    "paywall": frozenset({Reason.PAYWALL}),
    "bot-check": frozenset({Reason.BOT_CHECK}),
    "script-shell": frozenset({Reason.SCRIPT_SHELL}),
    "not-found": frozenset({Reason.NOT_FOUND}),
    "index-page": frozenset({Reason.INDEX_PAGE}),
    "too-short": frozenset({Reason.TOO_SHORT, Reason.NO_TEXT}),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A page with what it is and what it was taken for, both a folder's name."""

    path: str
    kind: str
    expected: str
    found: str
    evidence: str

    @property
    def half(self) -> str:
        """A or B, by a hash of the file's name."""
        return "AB"[hashlib.sha256(self.path.rpartition("/")[2].encode()).digest()[0] & 1]

    @property
    def language(self) -> str:
        """The language that the file's name begins with."""
        return self.path.rpartition("/")[2].partition("-")[0]


@dataclass(frozen=True, slots=True)
class Score:
    """How many pages there are of a verdict, and how surely it is found."""

    pages: int
    precision: float
    recall: float


def main() -> int:
    """Print the tables; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=("A", "B"), action="append", help="this half alone")
    parser.add_argument("--errors", action="store_true", help="list the pages of half A that are judged wrongly")
    given = parser.parse_args()
    pages = judge_pages()
    halves = given.half or ["A", "B"]
    print("\n".join(score_rows(pages, halves)))
    for title, key in (("language", language_of), ("kind", kind_of)):
        print("\n" + "\n".join(share_rows(title, pages, halves, key)))
    if given.errors:
        wrong = (page for page in pages if page.half == "A" and page.found != page.expected)
        print("", *(f"{page.path}: taken for {page.found}: {page.evidence}" for page in wrong), sep="\n")
    return 0


def judge_pages() -> list[Judged]:
    """Return all pages with their verdicts, in the order of pages.tsv."""
    with (PAGES / "pages.tsv").open(encoding="utf-8", newline="") as lines:
        return [_judge(row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _judge(row: dict[str, str]) -> Judged:
    expected = row["page"].partition("/")[0]
    capture = Capture(
        url=row["url"],
        final_url=row["url"],
        fetched_at=datetime(2024, 6, 1, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"),),
        body=(PAGES / row["page"]).read_bytes(),
    )
    found, evidence = ARTICLE, "nothing spoke against it"
    try:
        extract_article(capture, None, Rules())
    except Reject as reject:
        found = next((folder for folder, reasons in FOLDERS.items() if reject.reason in reasons), reject.reason.value)
        evidence = reject.detail
    return Judged(row["page"], row["kind"], expected, found, evidence)


def language_of(page: Judged) -> str:
    """Return the page's language."""
    return page.language


def kind_of(page: Judged) -> str:
    """Return what the page is and of which kind."""
    return f"{page.expected}: {page.kind}"


def score_halves(pages: Iterable[Judged], half: str) -> dict[str, Score]:
    """Return the scores on a half, by verdict: whether the page is an article at all first, then each kind of wall."""
    some = [page for page in pages if page.half == half]
    scores = {"any wall": score([(page.expected != ARTICLE, page.found != ARTICLE) for page in some])}
    for name in (ARTICLE, *FOLDERS):
        scores[name] = score([(page.expected == name, page.found == name) for page in some])
    return scores


def score(pairs: list[tuple[bool, bool]]) -> Score:
    """Return the score of pairs that say whether it is so and whether it was found so."""
    right = sum(is_so and is_found for is_so, is_found in pairs)
    there, found = sum(is_so for is_so, _ in pairs), sum(is_found for _, is_found in pairs)
    return Score(there, right / found if found else 1.0, right / there if there else 1.0)


def score_rows(pages: list[Judged], halves: list[str]) -> list[str]:
    """Return the markdown table of the scores."""
    names = [f"{half}, {column}" for half in halves for column in ("pages", "precision", "recall")]
    rows = [f"| verdict | {' | '.join(names)} |", "|---" + "|---:" * len(names) + "|"]
    scores = [score_halves(pages, half) for half in halves]
    for name in scores[0]:
        cells = [f"{one[name].pages} | {one[name].precision:.3f} | {one[name].recall:.3f}" for one in scores]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def share_rows(title: str, pages: list[Judged], halves: list[str], key: Callable[[Judged], str]) -> list[str]:
    """Return the markdown table of how many verdicts are right, by what ``key`` says of the page."""
    rows = [
        f"| {title} | {' | '.join(f'{half}, right of pages' for half in halves)} |",
        "|---" + "|---:" * len(halves) + "|",
    ]
    for group in sorted({key(page) for page in pages if page.half in halves}):
        cells = []
        for half in halves:
            some = [page.found == page.expected for page in pages if page.half == half and key(page) == group]
            cells.append(f"{sum(some)} of {len(some)}")
        rows.append(f"| {group} | {' | '.join(cells)} |")
    return rows


if __name__ == "__main__":
    sys.exit(main())
