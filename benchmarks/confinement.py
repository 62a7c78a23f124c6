"""What it costs to read pages in a process that can be killed: each page here and there, in turn, in one run.

Pages are those of ../shared/devset/extract. Times are of the processor, of both processes where there are two; the two
ways alternate, so that both meet the same machine.
"""

import argparse
import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime

from extraction import read_first_pages, read_pages

from pipeline.adapters.confinement import ForkedProcesses
from pipeline.enrich.annotate import sources_of
from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.flow import PIECE
from pipeline.model.article import Article
from pipeline.model.capture import Capture
from pipeline.model.feed import Rules
from pipeline.orchestration.preload import preload
from pipeline.parts import annotate_here

FORKS = 20


def main() -> None:
    """Print the ratios: extraction, annotation, both; and what a fork costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=181, help="how many pages")
    given = parser.parse_args()
    preload()  # as a task's worker has
    gc.collect()
    confined = ForkedProcesses(seconds=20, megabytes=2048)
    for page in read_first_pages()[:2]:
        confined.call(extract_article_or_none, as_capture(page))
    captures = [as_capture(page) for page in read_pages()[: given.pages]]
    extraction = compare(confined, extract_article_or_none, [(one,) for one in captures])
    articles = [article for one in captures if (article := extract_article_or_none(one))]
    sources = sources_of(articles)
    pieces = [tuple(sources[start : start + PIECE]) for start in range(0, len(sources), PIECE)]
    annotation = compare(confined, annotate_here, [(piece, None) for piece in pieces])
    both = (extraction[0] + annotation[0], extraction[1] + annotation[1])
    print(f"{len(captures)} pages, {len(articles)} articles; seconds of processor time")
    for name, (here, there) in (("extraction", extraction), ("annotation", annotation), ("both", both)):
        each = (there - here) / len(captures) * 1e3
        print(f"{name:<12}here {here:7.3f}   there {there:7.3f}   ratio {there / here:.3f}   {each:+.2f} ms an article")
    confined.close()
    begun = time.process_time()
    for _ in range(FORKS):
        fork_once(captures[0])
    each = (time.process_time() - begun) / FORKS * 1e3
    print(f"a fork, a page and its end: {each:.1f} ms of the parent's, once a batch, and after a page that was stopped")


def extract_article_or_none(capture: Capture) -> Article | None:
    """Return the article, or None where there is none."""
    try:
        return extract_article(capture, None, Rules())
    except Reject:
        return None


def fork_once(capture: Capture) -> None:
    """Read one page in a process of its own."""
    confined = ForkedProcesses(seconds=20, megabytes=2048)
    confined.call(extract_article_or_none, capture)
    confined.close()


def compare(
    confined: ForkedProcesses, function: Callable[..., object], calls: list[tuple[object, ...]]
) -> tuple[float, float]:
    """Return the seconds of all calls here, and there: both processes' time. Who goes first alternates."""
    here = there = 0.0
    for number, given in enumerate(calls):
        answers = {}
        for is_here in (True, False) if number % 2 else (False, True):
            if is_here:
                begun = time.process_time()
                answers[is_here] = function(*given)
                here += time.process_time() - begun
            else:
                begun = time.process_time() + confined.call(seconds_used)
                answers[is_here] = confined.call(function, *given)
                there += time.process_time() + confined.call(seconds_used) - begun
        assert answers[True] == answers[False], "the two ways differ"
    return here, there


def seconds_used() -> float:
    """Return the processor time of the process that this is called in."""
    return time.process_time()


def as_capture(page: dict[str, str]) -> Capture:
    """Return the page as it would have been fetched."""
    return Capture(
        url=page["url"],
        final_url=page["url"],
        fetched_at=datetime.now(UTC),
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"),),
        body=page["html"].encode("utf-8", "replace"),
    )


if __name__ == "__main__":
    main()
