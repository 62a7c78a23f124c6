"""What it costs to read pages in a process that can be killed: each page here and there, in turn, in one run.

Pages are those of ../shared/devset/extract. Times are by the clock, as one process waits for the other; those of the two ways
alternate, so that both meet the same machine.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from extraction import read_first_pages, read_pages

from pipeline.adapters.confinement import ForkedProcesses
from pipeline.enrich.annotate import source_of
from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.flow import PIECE
from pipeline.model.article import Article
from pipeline.model.capture import Capture
from pipeline.model.feed import Rules
from pipeline.orchestration.preload import preload
from pipeline.parts import annotate_here


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
    extraction = compare(
        [
            (lambda one=one: extract_article_or_none(one), lambda one=one: confined.call(extract_article_or_none, one))
            for one in captures
        ]
    )
    articles = [article for one in captures if (article := extract_article_or_none(one))]
    sources = [source_of(article, None) for article in articles]
    pieces = [tuple(sources[start : start + PIECE]) for start in range(0, len(sources), PIECE)]
    confined.call(annotate_here, pieces[0], None)
    annotation = compare(
        [
            (lambda one=one: annotate_here(one, None), lambda one=one: confined.call(annotate_here, one, None))
            for one in pieces
        ]
    )
    both = (extraction[0] + annotation[0], extraction[1] + annotation[1])
    print(f"{len(captures)} pages, {len(articles)} articles")
    for name, (here, there) in (("extraction", extraction), ("annotation", annotation), ("both", both)):
        each = (there - here) / len(captures) * 1e3
        print(
            f"{name:<12}here {here:7.3f} s   there {there:7.3f} s   ratio {there / here:.3f}   {each:+.2f} ms an article"
        )
    confined.close()
    forks = [time_of(lambda: fork_once(captures[0]))[0] for _ in range(20)]
    print(
        f"a fork, its first page and its end: {statistics.median(forks) * 1e3:.1f} ms, "
        "once a batch, or after a page that was stopped"
    )


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


def compare(pairs: list[tuple[Callable[[], object], Callable[[], object]]]) -> tuple[float, float]:
    """Return the seconds of the first and of the second of all pairs; who goes first alternates."""
    sums = [0.0, 0.0]
    for number, pair in enumerate(pairs):
        answers = {}
        for which in (0, 1) if number % 2 else (1, 0):
            seconds, answers[which] = time_of(pair[which])
            sums[which] += seconds
        assert answers[0] == answers[1], "the two ways differ"
    return sums[0], sums[1]


def time_of(work: Callable[[], object]) -> tuple[float, object]:
    """Return the seconds that it takes, and what it returns."""
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


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
