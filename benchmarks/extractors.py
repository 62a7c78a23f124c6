"""One extractor in a process of its own: reads pages as JSON lines, answers each with its text and the CPU seconds it took.

Run by extraction.py as ``python extractors.py NAME``; it imports nothing but the extractor it is asked for.
"""

import contextlib
import importlib
import io
import json
import logging
import re
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

#: Takes page and address; the page as text, or as bytes where the extractor decodes by itself.
Extractor = Callable[[str, str], str]
BytesExtractor = Callable[[bytes, str], str]


def newswire() -> BytesExtractor:
    """Return the whole of our extraction with metadata and verdict; its text holds the deck that the page shows."""
    from datetime import UTC, datetime  # noqa: PLC0415 - peers' environments have no pipeline

    from pipeline.errors import Reject  # noqa: PLC0415
    from pipeline.extract.article import extract_article  # noqa: PLC0415
    from pipeline.extract.body import read_body  # noqa: PLC0415
    from pipeline.extract.facts import gather_facts  # noqa: PLC0415
    from pipeline.extract.page import read_page  # noqa: PLC0415
    from pipeline.extract.text import join_paragraphs  # noqa: PLC0415
    from pipeline.model.capture import Capture  # noqa: PLC0415
    from pipeline.model.feed import Rules  # noqa: PLC0415

    def extract(html: bytes, url: str) -> str:
        capture = Capture(
            url=url,
            final_url=url,
            fetched_at=datetime.now(UTC),
            status=200,
            headers=(("Content-Type", "text/html; charset=utf-8"),),
            body=html,
        )
        try:
            article = extract_article(capture, None, Rules())
        except Reject:
            # A paywall's stub is no article to us, but its text is what the peers are asked for.
            return join_paragraphs(read_body(gather_facts(read_page(capture), None), Rules()).paragraphs)
        return f"{article.deck}\n\n{article.text}" if article.deck_is_shown and article.deck else article.text

    return extract


def trafilatura(**options: bool) -> Callable[[], Extractor]:
    """Return trafilatura with these options."""

    def load() -> Extractor:
        library = importlib.import_module("trafilatura")

        def extract(html: str, url: str) -> str:
            found = library.bare_extraction(html, url=url, include_comments=False, with_metadata=True, **options)
            return (found.text if found else "") or ""

        return extract

    return load


def newspaper4k() -> Extractor:
    """Return newspaper4k."""
    library = importlib.import_module("newspaper")

    def extract(html: str, url: str) -> str:
        article = library.Article(url or "https://page.invalid/", fetch_images=False)
        article.download(input_html=html)
        article.parse()
        return article.text or ""

    return extract


def news_please() -> Extractor:
    """Return news-please."""
    library = importlib.import_module("newsplease").NewsPlease
    return lambda html, url: library.from_html(html, url=url, fetch_images=False).maintext or ""


def rs_trafilatura() -> Extractor:
    """Return rs-trafilatura."""
    library = importlib.import_module("rs_trafilatura")
    return lambda html, url: library.extract(html, url=url, include_comments=False).main_content or ""


def resiliparse() -> Extractor:
    """Return resiliparse's main content."""
    library = importlib.import_module("resiliparse.extract.html2text")
    return lambda html, _: library.extract_plain_text(html, main_content=True, list_bullets=False, alt_texts=False)


def readability_lxml() -> Extractor:
    """Return readability-lxml, its HTML turned to text by lxml."""
    document = importlib.import_module("readability").Document
    parse = importlib.import_module("lxml.html").fromstring

    def extract(html: str, url: str) -> str:
        tree = parse(document(html, url=url).summary(html_partial=True))
        return "\n".join(" ".join(node.itertext()) for node in [tree])

    return extract


EXTRACTORS: dict[str, Callable[[], Extractor] | Callable[[], BytesExtractor]] = {
    "newswire": newswire,
    "trafilatura": trafilatura(),
    "trafilatura precision": trafilatura(favor_precision=True),
    "trafilatura fast": trafilatura(fast=True),
    "newspaper4k": newspaper4k,
    "news-please": news_please,
    "rs-trafilatura": rs_trafilatura,
    "resiliparse": resiliparse,
    "readability-lxml": readability_lxml,
}
TAKE_BYTES = ("newswire",)


def peak_memory() -> float:
    """Return the most memory that this process ever had, in MB; getrusage would give that of the one it was forked from."""
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else 0.0


def main() -> int:
    """Answer until the input ends."""
    warnings.simplefilter("ignore")
    logging.disable()
    answers = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()):
        extract = EXTRACTORS[sys.argv[1]]()
        for line in sys.stdin:
            page = json.loads(line)
            html = page["html"].encode("utf-8", "replace") if sys.argv[1] in TAKE_BYTES else page["html"]
            start = time.process_time()
            try:
                text, error = extract(html, page["url"]), None
            except Exception as problem:  # noqa: BLE001 - a peer's crash is its result on this page
                text, error = "", f"{type(problem).__name__}: {problem}"[:200]
            seconds = time.process_time() - start
            print(
                json.dumps({"text": text, "seconds": seconds, "peak": peak_memory(), "error": error}),
                file=answers,
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
