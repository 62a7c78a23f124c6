"""Our extraction and its peers on the labelled pages of ../shared/devset/extract, in one run.

Each extractor has a process of its own and gets the pages in turn, so that all meet the same machine. Peers are left out
where their environment is missing (``make bench`` makes it). ``--write`` puts table and plot into docs/.
"""

import argparse
import gzip
import hashlib
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
DEVSET = ROOT.parent / "shared" / "devset" / "extract"
WALLS = ROOT / "tests" / "walls"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
DOCUMENT = ROOT / "docs" / "extraction.md"
PLOT = ROOT / "docs" / "extraction.svg"
EXTRACTORS = (
    "newswire",
    "trafilatura",
    "trafilatura precision",
    "trafilatura fast",
    "newspaper4k",
    "news-please",
    "rs-trafilatura",
    "resiliparse",
    "readability-lxml",
)
#: The columns of the table, each with how its figures are written.
COLUMNS = {
    "F1": "{:.3f}",
    "precision": "{:.3f}",
    "recall": "{:.3f}",
    "accuracy": "{:.3f}",
    "pages per CPU-second": "{:.0f}",
    "CPU time, ours = 1": "{:.1f}",
    "peak MB": "{:.0f}",
    "slowest page, s": "{:.2f}",
    "failed": "{:.0f}",
}
HALVES = {"A, F1": "{:.3f}", "A, accuracy": "{:.3f}", "B, F1": "{:.3f}", "B, accuracy": "{:.3f}"}


@dataclass(slots=True)
class Run:
    """An extractor at work, and what it answered so far."""

    name: str
    worker: subprocess.Popen[str]
    texts: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0
    failures: int = 0

    def ask(self, page: dict[str, str], *, counted: bool = True) -> None:
        """Hand the page over and take the answer in."""
        assert self.worker.stdin
        assert self.worker.stdout
        print(json.dumps({"html": page["html"], "url": page["url"]}), file=self.worker.stdin, flush=True)
        answer = json.loads(self.worker.stdout.readline())
        if counted:
            self.texts[page["id"]] = answer["text"]
            self.seconds.append(answer["seconds"])
            self.peak = answer["peak"]
            self.failures += answer["error"] is not None


def main() -> int:
    """Print the table, ours first; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=EXTRACTORS, help="this extractor (may be repeated)")
    parser.add_argument("--predictions", type=Path, help="write our texts there, as score.py reads them")
    parser.add_argument("--write", action="store_true", help="write table and plot into docs/")
    given = parser.parse_args()
    if not DEVSET.is_dir():
        print(f"no labelled pages at {DEVSET}: nothing measured")
        return 0
    pages = read_pages()
    runs = [Run(name, start(name)) for name in given.only or EXTRACTORS if name == "newswire" or PEERS.exists()]
    for page in read_first_pages():
        for run in runs:
            run.ask(page, counted=False)
    for page in pages:
        for run in runs:
            run.ask(page)
    for run in runs:
        run.worker.communicate()
    figures = {run.name: figures_of(run, pages, sum(runs[0].seconds)) for run in runs}
    halves = {run.name: figures_of_halves(run, pages) for run in runs}
    order = sorted(figures, key=lambda name: (name != "newswire", -figures[name]["F1"]))
    table = "\n".join([*table_rows(COLUMNS, figures, order), "", *table_rows(HALVES, halves, order)])
    print(table)
    if given.predictions:
        lines = (json.dumps({"id": key, "text": text}) for key, text in runs[0].texts.items())
        given.predictions.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if given.write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition("<!-- figures -->\n")
        after = rest.partition("<!-- end of figures -->")[2]
        DOCUMENT.write_text(f"{before}<!-- figures -->\n{table}\n<!-- end of figures -->{after}", encoding="utf-8")
        PLOT.write_text(draw(figures), encoding="utf-8")
    return 0


def read_pages() -> list[dict[str, str]]:
    """Return the labelled pages: id, url, html, text."""
    with gzip.open(DEVSET / "scrapinghub.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_first_pages() -> list[dict[str, str]]:
    """Return other pages, an article and one of each wall: whoever reads them has loaded what is loaded once."""
    files = (min(folder.glob("*.html")) for folder in sorted(WALLS.iterdir()) if folder.is_dir())
    return [{"url": "https://site.example/a", "html": file.read_text(encoding="utf-8")} for file in files]


def half_of(page_id: str) -> str:
    """Return A, the half that the weights were fitted on, or B, by a hash of the id."""
    return "AB"[hashlib.sha256(page_id.encode()).digest()[0] & 1]


def start(name: str) -> subprocess.Popen[str]:
    """Start the extractor's process."""
    python = sys.executable if name == "newswire" else str(PEERS)
    command = [python, str(Path(__file__).with_name("extractors.py")), name]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    )


def figures_of(run: Run, pages: list[dict[str, str]], our_seconds: float) -> dict[str, float]:
    """Return what the run comes to, by column."""
    scored = load_score().evaluate({page["id"]: page["text"] for page in pages}, run.texts)
    return {
        "F1": scored["f1"],
        **{name: scored[name] for name in ("precision", "recall", "accuracy")},
        "pages per CPU-second": len(pages) / sum(run.seconds),
        "CPU time, ours = 1": sum(run.seconds) / our_seconds,
        "peak MB": run.peak,
        "slowest page, s": max(run.seconds),
        "failed": run.failures,
    }


def figures_of_halves(run: Run, pages: list[dict[str, str]]) -> dict[str, float]:
    """Return F1 and accuracy on each half: ours is fitted on A, nothing on B; both halves are as new to the peers."""
    figures = {}
    for half in "AB":
        some = {page["id"]: page["text"] for page in pages if half_of(page["id"]) == half}
        scored = load_score().evaluate(some, run.texts)
        figures |= {f"{half}, F1": scored["f1"], f"{half}, accuracy": scored["accuracy"]}
    return figures


def table_rows(columns: dict[str, str], figures: dict[str, dict[str, float]], order: list[str]) -> list[str]:
    """Return the markdown table."""
    rows = [f"| extractor | {' | '.join(columns)} |", "|---" + "|---:" * len(columns) + "|"]
    for name in order:
        cells = (shape.format(figures[name][column]) for column, shape in columns.items())
        rows.append(f"| {f'**{name}**' if name == 'newswire' else name} | {' | '.join(cells)} |")
    return rows


def draw(figures: dict[str, dict[str, float]]) -> str:
    """Return a plot of F1 and accuracy as bars, one row an extractor, as SVG."""
    order = sorted(figures, key=lambda name: (name != "newswire", -figures[name]["F1"]))
    height = 40 + 30 * len(order)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{height}" font-family="sans-serif" font-size="13">',
        f'<rect width="720" height="{height}" fill="white"/>',
        '<text x="170" y="22">F1 (axis from .8 to 1)</text><text x="450" y="22">accuracy (axis from 0 to .6)</text>',
    ]
    for row, name in enumerate(order):
        top, colour = 34 + 30 * row, "#0b6e4f" if name == "newswire" else "#9aa5b1"
        parts.append(f'<text x="160" y="{top + 15}" text-anchor="end">{name}</text>')
        for left, figure, share in (
            (170, figures[name]["F1"], (figures[name]["F1"] - 0.8) / 0.2),
            (450, figures[name]["accuracy"], figures[name]["accuracy"] / 0.6),
        ):
            width = 200 * max(0.0, min(1.0, share))
            parts.append(f'<rect x="{left}" y="{top}" width="{width:.1f}" height="20" fill="{colour}"/>')
            parts.append(f'<text x="{left + width + 6:.1f}" y="{top + 15}">{figure:.3f}</text>')
    return "\n".join([*parts, "</svg>", ""])


def load_score() -> ModuleType:
    """Return the devset's own scoring program as a module."""
    spec = importlib.util.spec_from_file_location("score", DEVSET / "score.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
