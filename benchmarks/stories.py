"""How well articles are grouped into stories, beside simpler ways, and what an article costs among very many.

    python benchmarks/stories.py                        # quality alone, a minute
    python benchmarks/stories.py --pages                # the groups that real pages make, to be looked at
    python benchmarks/stories.py --scale 100000         # the cost alone, up to so many articles

The events are those of tests/stories. Thresholds, the simpler ways' too, were chosen on half A; half B is only measured.
"""

import argparse
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

import extraction  # noqa: E402 - as above
from sqlalchemy import Connection  # noqa: E402 - as above
from story_crowd import Crowd  # noqa: E402 - as above
from story_events import Labelled, agreement, make_labelled_document, page_article, read_events  # noqa: E402 - as above

from pipeline.adapters.sql_database import Database, migrate  # noqa: E402 - as above
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger  # noqa: E402 - as above
from pipeline.maintenance.steps import STORY_AGE  # noqa: E402 - as above
from pipeline.model.story import StoryState, Telling  # noqa: E402 - as above
from pipeline.parts import load_annotator  # noqa: E402 - as above
from pipeline.stories.fit import WINDOW, days_between  # noqa: E402 - as above
from pipeline.stories.growth import add_telling, found_story  # noqa: E402 - as above
from pipeline.stories.traits import make_telling  # noqa: E402 - as above

BATCH = 50
SHUFFLES = 10
#: Numbers of articles at which the cost is measured, over the last so many.
MARKS = (10_000, 20_000, 30_000, 50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000)
MEASURED = 5_000

PAGES_AT = datetime(2019, 11, 19, tzinfo=UTC)

#: Stories by article id.
Grouping = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """BCubed F1 of English alone and of all languages, of one order of arrival; precision and recall of all."""

    english: float
    all: float
    precision: float
    recall: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices="AB", help="this half alone: A while something is being chosen")
    parser.add_argument("--scale", type=int, default=0, help="only measure the cost, up to so many articles")
    parser.add_argument("--pages", action="store_true", help="only group the pages of ../shared/devset/extract")
    parser.add_argument("--per-day", type=int, default=20_000, help="made-up articles a day (default 20000)")
    arguments = parser.parse_args()
    if arguments.pages:
        print_pages()
        return
    if arguments.scale:
        print_cost(arguments.scale, arguments.per_day)
        return
    annotator = load_annotator()
    halves = {half: read_events(half, annotator) for half in "AB"}
    for half in arguments.half or "AB":
        print_quality(half, halves[half], halves["A"])
    print_reading([each for labelled in halves.values() for each in labelled])


def print_quality(half: str, labelled: Sequence[Labelled], fitted_on: Sequence[Labelled]) -> None:
    """Print the table of one half."""
    given = [each.with_given_entities for each in labelled]
    events = len({each.event for each in labelled})
    print(f"\nHalf {half}: {len(labelled)} articles on {events} events; F1 is BCubed\n")
    print(f"{'':34}{'English F1':>12}{'all F1':>10}{'precision':>11}{'recall':>9}")
    rows: dict[str, Figures] = {
        "one story an article": measure(labelled, one_each),
        "words alone (tf-idf)": measure(labelled, best_similarity(fitted_on, "words.")),
        "entities alone": measure(labelled, best_similarity(fitted_on, "entities")),
        "entities alone, all given": measure(
            given, best_similarity([each.with_given_entities for each in fitted_on], "entities")
        ),
        "newswire": measure(labelled, group),
        "newswire, all entities given": measure(given, group),
    }
    for name, row in rows.items():
        print(f"{name:34}{row.english:12.3f}{row.all:10.3f}{row.precision:11.3f}{row.recall:9.3f}")
    shuffled = [measure(labelled, group, seed=seed) for seed in range(SHUFFLES)]
    worst = min(each.english for each in shuffled), min(each.all for each in shuffled)
    mean = sum(each.english for each in shuffled) / SHUFFLES, sum(each.all for each in shuffled) / SHUFFLES
    print(f"{f'newswire, {SHUFFLES} random orders, mean':34}{mean[0]:12.3f}{mean[1]:10.3f}")
    print(f"{f'newswire, {SHUFFLES} random orders, worst':34}{worst[0]:12.3f}{worst[1]:10.3f}")


def measure(
    labelled: Sequence[Labelled], way: Callable[[Sequence[Sequence[Telling]]], Grouping], seed: int | None = None
) -> Figures:
    """Group the articles in batches as they were published, or one by one in a random order, and compare."""
    tellings = [
        make_telling(each.document) for each in sorted(labelled, key=lambda each: make_telling(each.document).at)
    ]
    if seed is not None:
        random.Random(seed).shuffle(tellings)
    size = 10 if seed is None else 1
    stories = way([tellings[start : start + size] for start in range(0, len(tellings), size)])
    events = {each.document.id: each.event for each in labelled}
    english = {each.document.id: each.event for each in labelled if each.document.annotation.language == "en"}
    precision, recall, f1 = agreement(events, stories)
    return Figures(english=agreement(english, stories)[2], all=f1, precision=precision, recall=recall)


def group(batches: Sequence[Sequence[Telling]]) -> Grouping:
    """Group as the flow does, through a ledger of its own."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(f"sqlite:///{folder}/ledger.sqlite")
        for batch in batches:
            ledger.join_stories(batch, batch[-1].at)
        stories = ledger.stories_of([telling.article_id for batch in batches for telling in batch])
        ledger.close()
    return stories


def one_each(batches: Sequence[Sequence[Telling]]) -> Grouping:
    """Make each article a story."""
    return {telling.article_id: telling.article_id for batch in batches for telling in batch}


def best_similarity(fitted_on: Sequence[Labelled], part: str) -> Callable[[Sequence[Sequence[Telling]]], Grouping]:
    """Return the way that looks at one part of the traits alone, at the threshold that is best for half A."""
    thresholds = [step / 20 for step in range(1, 20)]
    best = max(thresholds, key=lambda threshold: measure(fitted_on, nearest_story(part, threshold)).all)
    return nearest_story(part, best)


def nearest_story(part: str, threshold: float) -> Callable[[Sequence[Sequence[Telling]]], Grouping]:
    """Return the way that puts each article into the story within the window whose centre has the greatest cosine."""

    def join(batches: Sequence[Sequence[Telling]]) -> Grouping:
        stories, joined = list[StoryState](), dict[str, str]()
        for telling in (telling for batch in batches for telling in batch):
            near = [story for story in stories if days_between(telling.at, telling.at, story) <= WINDOW.days]
            best = max(near, key=lambda story: cosine(telling, story, part), default=None)
            if best is None or cosine(telling, best, part) < threshold:
                best = found_story(telling)
                stories.append(best)
            else:
                add_telling(best, telling)
            joined[telling.article_id] = best.id
        return joined

    return join


def cosine(telling: Telling, story: StoryState, part: str) -> float:
    """Return the cosine of the article's and the story's words, of whatever language, or entities."""
    vector = telling.traits.words if part == "words." else telling.traits.entities
    keys = [key for key in story.centre if key.startswith(part)]
    dots = [
        sum(weight * story.centre[key].get(feature, 0.0) for feature, weight in vector.items()) / story.lengths[key]
        for key in keys
    ]
    return max(dots, default=0.0)


def print_pages() -> None:
    """Print which of the labelled pages, news of a few days in November 2019, make stories of several articles.

    Nobody has said which do; their names are annotated as the flow does it, and all count as of one day.
    """
    pages = extraction.read_pages()
    articles = [page_article(page["id"], page["url"], page["text"]) for page in pages]
    documents = [
        make_labelled_document(article, annotation, publisher=article.url, seen_at=PAGES_AT)
        for article, annotation in zip(articles, load_annotator().annotate(articles), strict=True)
    ]
    tellings = [make_telling(document) for document in documents]
    together = defaultdict[str, list[str]](list)
    for key, story in group([tellings]).items():
        together[story].append(key)
    headlines = {telling.article_id: " ".join(telling.headline.split()) for telling in tellings}
    several = [keys for keys in together.values() if len(keys) > 1]
    print(f"{len(pages)} pages, {len(together)} stories, {len(several)} of them of several pages:")
    for keys in sorted(several, key=len, reverse=True):
        print("\n" + "\n".join(headlines[key] for key in keys))


def print_reading(labelled: Sequence[Labelled]) -> None:
    """Print what reading a document's traits costs; texts are read up to their 2,000th character."""
    documents = [each.document for each in labelled]
    long = [each for each in documents for _ in range(5)]
    began = time.process_time()
    for document in long:
        make_telling(document)
    each = (time.process_time() - began) / len(long)
    characters = sum(len(document.article.text) for document in documents) / len(documents)
    print(f"\nReading traits: {each * 1e6:.0f} µs a document of {characters:.0f} characters")


class TimedDatabase(Database):
    """A database that knows how long others have to wait for the last write."""

    held = 0.0

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction, as Database does."""
        began = time.process_time()
        with super().write() as connection:
            yield connection
        self.held = time.process_time() - began


def print_cost(scale: int, per_day: int) -> None:
    """Print what an article costs after so many others, in batches, on SQLite."""
    print(
        f"\nJoining stories, batches of {BATCH}, {per_day:,} articles a day, SQLite; means of the last {MEASURED:,}\n"
    )
    print(
        f"{'articles':>10}{'CPU µs each':>13}{'lock, ms a batch':>18}{'stories':>10}{'peak MB':>10}{'database MB':>13}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        database = TimedDatabase(f"sqlite:///{path}")
        migrate(database)
        marks = [mark for mark in MARKS if mark < scale] + [scale]
        for mark, times, locks in run_crowd(database, marks, per_day):
            with closing(sqlite3.connect(path)) as connection:
                [stories] = connection.execute("SELECT count(*) FROM stories WHERE merged_into IS NULL").fetchone()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
            mean, lock = sum(times) / len(times) / BATCH, sum(locks) / len(locks)
            print(f"{mark:10,}{mean * 1e6:13.0f}{lock * 1e3:18.1f}{stories:10,}{peak:10.0f}{size:13.0f}", flush=True)
        database.close()


def run_crowd(
    database: TimedDatabase, marks: Sequence[int], per_day: int
) -> Iterator[tuple[int, list[float], list[float]]]:
    """Give the ledger made-up articles; at each mark, yield the seconds of the last batches, and those with the lock.

    Old stories are closed once a made-up day, as the nightly maintenance does.
    """
    ledger, last = SqlLedger(database), MEASURED // BATCH
    tellings, made, times, locks = Crowd(per_day).tellings(marks[-1]), 0, list[float](), list[float]()
    closed_at: datetime | None = None
    while batch := list(islice(tellings, BATCH)):
        now = batch[-1].at
        began = time.process_time()
        ledger.join_stories(batch, now)
        times = [*times[1 - last :], time.process_time() - began]
        locks = [*locks[1 - last :], database.held]
        made += len(batch)
        if closed_at is None or now - closed_at >= timedelta(days=1):
            ledger.close_stories(now - STORY_AGE)
            closed_at = now
        if made % 1_000 == 0:
            print(f"  {made:,} of {marks[-1]:,}", end="\r", file=sys.stderr, flush=True)
        if made in marks:
            yield made, times, locks


if __name__ == "__main__":
    main()
