"""How well walls are told from articles, on the pages of tests/walls.

Each page's folder says what it is; its file's name begins with its language, and pages.tsv says its kind and address.
Half A, by a hash of the file's name, is for tuning; half B is held back: its single errors are never listed. Where the
labelled pages of ../shared/devset/extract are, they are cut short as well: real pages, offers and banners and all, with
little text left, none of them a wall.
"""

import argparse
import csv
import gzip
import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.extract.text import clean_line
from pipeline.model.article import Article
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from pipeline.model.feed import Rules

PAGES = Path(__file__).parents[1] / "tests" / "walls"
LABELLED = Path(__file__).parents[2] / "shared" / "devset" / "extract" / "scrapinghub.jsonl.gz"
DOCUMENT = Path(__file__).parents[1] / "docs" / "extraction.md"
ARTICLE = "article"
#: Characters that are left of a real page's text when it is cut short, and how many more the last paragraph may have.
CUT_AT = 400
STILL_SHORT = 1_500
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
        return half_of(self.path.rpartition("/")[2])

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
    parser.add_argument("--write", action="store_true", help="write the first table into docs/")
    given = parser.parse_args()
    pages = judge_pages()
    halves = given.half or ["A", "B"]
    table = "\n".join(score_rows(pages, halves))
    print(table)
    for title, key in (("language", language_of), ("kind", kind_of)):
        print("\n" + "\n".join(share_rows(title, pages, halves, key)))
    if LABELLED.exists():
        for half in halves:
            found = list(judge_cut_pages(half).values())
            print(f"\nreal pages cut short, {half}: {found.count(ARTICLE)} of {len(found)} taken for articles")
    if given.errors:
        wrong = (page for page in pages if page.half == "A" and page.found != page.expected)
        print("", *(f"{page.path}: taken for {page.found}: {page.evidence}" for page in wrong), sep="\n")
    if given.write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition("<!-- walls -->\n")
        after = rest.partition("<!-- end of walls -->")[2]
        DOCUMENT.write_text(f"{before}<!-- walls -->\n{table}\n<!-- end of walls -->{after}", encoding="utf-8")
    return 0


def judge_pages() -> list[Judged]:
    """Return all pages with their verdicts, in the order of pages.tsv."""
    with (PAGES / "pages.tsv").open(encoding="utf-8", newline="") as lines:
        return [_judge(row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _judge(row: dict[str, str]) -> Judged:
    found, evidence = ARTICLE, "nothing spoke against it"
    try:
        read_article(row["url"], (PAGES / row["page"]).read_bytes())
    except Reject as reject:
        found = next((folder for folder, reasons in FOLDERS.items() if reject.reason in reasons), reject.reason.value)
        evidence = reject.detail
    return Judged(row["page"], row["kind"], row["page"].partition("/")[0], found, evidence)


def read_article(url: str, html: bytes) -> Article:
    """Return the article on the page. Raises Reject with the verdict where there is none."""
    capture = Capture(
        url=url,
        final_url=url,
        fetched_at=datetime(2024, 6, 1, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"),),
        body=html,
    )
    return extract_article(capture, None, Rules())


def half_of(name: str) -> str:
    """Return A or B, by a hash of the name."""
    return "AB"[hashlib.sha256(name.encode()).digest()[0] & 1]


def judge_cut_pages(half: str) -> dict[str, str]:
    """Return for each real page of the half that holds an article what is said of it once cut short, by address."""
    found = {}
    with gzip.open(LABELLED, "rt", encoding="utf-8") as lines:
        pages = [page for page in map(json.loads, lines) if half_of(page["id"]) == half]
    for page in pages:
        try:
            whole = read_article(page["url"], page["html"].encode("utf-8", "replace"))
        except Reject:  # a stub as it is
            continue
        if whole.is_free is False:  # declared as locked and cut short, it is a stub
            continue
        try:
            rest = read_article(page["url"], cut_page(page["html"], whole.text).encode("utf-8", "replace")).text
        except Reject as reject:
            found[page["url"]] = f"{reject.reason.value}: {reject.detail}"
        else:
            if len(rest) < STILL_SHORT:
                found[page["url"]] = ARTICLE
    return found


def cut_page(html: str, text: str) -> str:
    """Return the page without the paragraphs of its text that come after the first few hundred characters."""
    paragraphs, kept = text.split("\n\n"), 0
    while paragraphs and kept < CUT_AT:
        kept += len(paragraphs.pop(0))
    tree, dropped = LexborHTMLParser(html), set(paragraphs)
    for node in tree.css("p, h2, h3, h4, li, blockquote, div"):
        if clean_line(node.text()) in dropped:
            node.decompose()
    return tree.html or ""


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
