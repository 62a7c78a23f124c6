"""How well and how fast extraction reads the labelled pages in ../shared/devset/extract: F1, accuracy, pages per CPU-second."""

import gzip
import importlib.util
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.extract.body import read_body
from pipeline.extract.page import read_page
from pipeline.extract.text import join_paragraphs
from pipeline.model.capture import Capture
from pipeline.model.feed import Rules

DEVSET = Path(__file__).parents[2] / "shared" / "devset" / "extract"


def main() -> int:
    """Print one line of figures and one for each page that gave no article; return the exit code."""
    if not DEVSET.is_dir():
        print(f"no labelled pages at {DEVSET}: nothing measured")
        return 0
    with gzip.open(DEVSET / "scrapinghub.jsonl.gz", "rt", encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    extract_text(pages[0])  # word lists and parsers are loaded once, not for each page
    start = time.process_time()
    texts = {page["id"]: extract_text(page) for page in pages}
    seconds = time.process_time() - start
    figures = load_score().evaluate({page["id"]: page["text"] for page in pages}, texts)
    figures["pages_per_cpu_second"] = len(pages) / seconds
    print(json.dumps({name: round(figure, 4) for name, figure in figures.items()}))
    return 0


def extract_text(page: dict[str, str]) -> str:
    """Return the text that we find on the page; a rejected one gives none and is named."""
    capture = Capture(
        url=page["url"],
        final_url=page["url"],
        fetched_at=datetime.now(UTC),
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"),),
        body=page["html"].encode(),
    )
    try:
        text = extract_article(capture, None, Rules()).text
    except Reject as reject:
        print(f"{page['id'][:12]} {page['url'][:60]}: {reject}", file=sys.stderr)
        text = ""
    found = read_body(read_page(capture), Rules())
    text = text or join_paragraphs(found.paragraphs)
    return f"{found.deck}\n\n{text}" if found.deck else text


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
