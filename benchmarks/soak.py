"""Soak: half an hour of steady news into the whole stack, and what grows that should not.

    python benchmarks/soak.py [--minutes 30] [--rate 20] [--json]

Starts the production stack as processes on loopback over the Elasticsearch at ELASTICSEARCH_URL, publishes so many articles a
second in the feed of a press on loopback, and asks Elasticsearch what it finds. Each minute it prints how long the articles
found in it took from publication to search, what the ledger says, and for each component the cores that it used, how many
processes it has that are older than a minute, the median of their own memory (resident, without files and shared memory; what
forks share counts in each), and their open files (of PostgreSQL and Elasticsearch without those of their data). Tasks are
younger: it tells the largest.

At the end, lines are fitted through the second half: the memory of each process may grow by 5 % or 10 MB, the open files of a
component by 5 % or 3, latency by a fifth or half a second. Every article must be in the index once, and the ledger balanced,
with nothing pending. Exit 1 where that does not hold, or the stack did not keep up. It stops by itself: when the minutes are
over, or more articles wait than a minute publishes, and two minutes after that at the latest.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from latency import find, open_stack, percentiles
from rich.console import Console
from rich.table import Table
from soak_processes import Process, cores, describe, find_roots, read_processes

from examples.press import Press
from examples.stack import Stack
from pipeline.model.fate import Fate

MINUTE = 60.0
LOOK_EVERY = 0.25  # seconds between two searches: latency is measured to that
SAMPLE_EVERY = 5.0
PATIENCE = 120.0  # seconds after the last article
FIRST = 1000  # number of the first article
MOST_MINUTES, MOST_RATE = 120, 50
#: Seconds for which the feed shows an article: it is polled once a second, and a poll may come late.
SHOWN = 20
#: What may be added in the second half: a share of the mean, or so much, whichever is more.
MEMORY, FILES, LATENCY = ("MB", 0.05, 10.0), ("files", 0.05, 3.0), ("s", 0.2, 0.5)

console = Console(stderr=True, highlight=False)


@dataclass(slots=True)
class Course:
    """What was measured so far; times are seconds since the beginning."""

    published: dict[str, float] = field(default_factory=dict)
    #: When an article was found, and how long that took since it was published.
    found: list[tuple[float, float]] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    #: The processes of each component, by the time of the look.
    processes: dict[float, dict[str, list[Process]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How something went over the second half, and whether it may."""

    what: str
    unit: str
    mean: float
    growth: float
    bound: float
    is_flat: bool


def main() -> None:
    """Run, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    numbers = {"type": int, "metavar": "N"}
    parser.add_argument("--minutes", default=30, choices=range(2, MOST_MINUTES + 1), help="default: 30", **numbers)
    parser.add_argument("--rate", default=20, choices=range(1, MOST_RATE + 1), help="a second (default: 20)", **numbers)
    parser.add_argument("--json", action="store_true", help="print minutes, verdicts and problems as JSON")
    options = parser.parse_args()
    if not os.environ.get("ELASTICSEARCH_URL"):
        sys.exit("soak: set ELASTICSEARCH_URL to an Elasticsearch 9 on loopback, such as http://127.0.0.1:9200")
    with open_stack("soak", Press(feed_length=SHOWN * options.rate, poll_every=1.0)) as stack:
        before = stack.ledger().seen
        course, minutes = soak(stack, options.minutes, options.rate)
        problems = find_problems(stack, course, before, options.minutes * int(MINUTE) * options.rate)
    verdicts = judge(course, max(course.processes))
    report(minutes, verdicts, problems, as_json=options.json)
    sys.exit(1 if problems or not all(verdict.is_flat for verdict in verdicts) else 0)


def soak(stack: Stack, minutes: int, rate: int) -> tuple[Course, list[dict[str, object]]]:
    """Publish for so long and wait for the rest; return all that was measured, and what was said of each minute."""
    course, lines, roots = Course(), list[dict[str, object]](), find_roots(stack)
    begun, end, sampled_at = time.monotonic(), minutes * MINUTE, 0.0
    say(f"{rate} articles a second for {minutes} minutes")
    while (now := time.monotonic() - begun) < end or (course.waiting and now < end + PATIENCE):
        if now < end:
            publish(stack, course, now, int(now * rate) + 1 - len(course.published))
        look(stack, course, begun)
        if len(course.waiting) > rate * MINUTE:
            end = min(end, now)  # the rest is only waited for
        if now >= sampled_at + SAMPLE_EVERY and now < end:
            sampled_at = now
            course.processes[now] = read_processes(roots)
        if len(lines) < min(now, end) // MINUTE:
            lines.append(describe_minute(stack, course, len(lines)))
            say(", ".join(f"{name} {value}" for name, value in lines[-1].items()))
        time.sleep(max(0.0, begun + now + LOOK_EVERY - time.monotonic()))
    return course, lines


def publish(stack: Stack, course: Course, now: float, count: int) -> None:
    """Publish so many articles."""
    first = FIRST + len(course.published)
    urls = stack.press.publish(range(first, first + count))
    course.published |= dict.fromkeys(urls, now)
    course.waiting |= set(urls)


def look(stack: Stack, course: Course, begun: float) -> None:
    """Note which of the waiting articles a search finds now."""
    urls = find(stack, sorted(course.waiting))
    now = time.monotonic() - begun
    course.waiting -= set(urls)
    course.found += [(now, now - course.published[url]) for url in urls]


def describe_minute(stack: Stack, course: Course, minute: int) -> dict[str, object]:
    """Return what happened in that minute, by name."""
    begin, end = minute * MINUTE, (minute + 1) * MINUTE
    waits = [wait for at, wait in course.found if begin <= at < end]
    sums = stack.ledger()
    looks = sorted(at for at in course.processes if at >= begin)
    first, last = course.processes[looks[0]], course.processes[looks[-1]]
    used = {name: cores(first[name], last[name], looks[-1] - looks[0] or 1) for name in last}
    tasks = [memory for at, memory in largest_tasks(course) if at >= begin]
    latency = percentiles(waits) if len(waits) > 1 else {}
    return {
        "minute": minute + 1,
        "published": len(course.published),
        "found": len(course.found),
        **latency,
        "seen": sums.seen,
        "pending": sums.pending,
        "indexed": sums.fates.get(Fate.INDEXED, 0),
        "cores": round(sum(used.values()), 2),
        **{name: f"({used[name]:.2f} cores, {describe(processes)})" for name, processes in last.items()},
        "largest task": f"{max(tasks, default=0):.0f} MB",
    }


def largest_tasks(course: Course) -> list[tuple[float, float]]:
    """Return the memory of the largest young process at each look."""
    looks = ((at, [each for family in seen.values() for each in family]) for at, seen in course.processes.items())
    return [(at, max((each.memory for each in seen if not each.is_settled), default=0.0)) for at, seen in looks]


def find_problems(stack: Stack, course: Course, before: int, planned: int) -> list[str]:
    """Return what is wrong with the sums: every article must be in the index, once, and settled."""
    problems = []
    if len(course.published) < planned:
        problems.append(f"the stack does not keep up: {len(course.published)} of {planned} articles were published")
    if course.waiting:
        problems.append(f"{len(course.waiting)} were not found, such as {min(course.waiting)}")
    deadline = time.monotonic() + PATIENCE  # a document is found before its URL is settled
    while (sums := stack.ledger()).pending and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    stack.elasticsearch.indices.refresh(index=stack.alias)
    documents, expected = stack.elasticsearch.count(index=stack.alias)["count"], before + len(course.published)
    fates = ", ".join(f"{count} {fate}" for fate, count in sums.fates.items())
    say(f"ledger: {sums.seen} seen = {sums.pending} pending + {fates}; index: {documents} documents")
    if not sums.is_balanced or sums.pending or sums.seen != expected or sums.fates != {Fate.INDEXED: expected}:
        problems.append(f"the ledger should have {expected} indexed, and nothing else")
    if documents != expected:
        problems.append(f"the index has {documents} documents instead of {expected}")
    return problems


def judge(course: Course, seconds: float) -> list[Verdict]:
    """Return how memory, open files and latency went over the second half."""
    since = seconds / 2
    late = {at: seen for at, seen in course.processes.items() if at >= since}
    verdicts = []
    for name in next(iter(late.values()), {}):
        verdicts += judge_component(name, {at: seen[name] for at, seen in late.items()})
    tasks = [(at, memory) for at, memory in largest_tasks(course) if at >= since and memory]
    verdicts.append(fit("largest task: memory", tasks, MEMORY))
    found = [(at, wait) for at, wait in course.found if since <= at < seconds]
    verdicts.append(fit("latency: median of ten seconds", medians(found, 10.0), LATENCY))
    return verdicts


def judge_component(name: str, looks: Mapping[float, Sequence[Process]]) -> list[Verdict]:
    """Return how the memory of the process went that grew most of those that were there all the time, and all open files."""
    courses = defaultdict[int, list[tuple[float, float]]](list)
    for at, processes in looks.items():
        for each in processes:
            courses[each.pid].append((at, each.memory))
    whole = [course for course in courses.values() if len(course) == len(looks)]
    memory = [fit(f"{name}: memory of one of {len(whole)} processes", course, MEMORY) for course in whole]
    files = [(at, float(sum(each.files for each in seen if each.is_settled))) for at, seen in looks.items()]
    return [max(memory, key=lambda each: each.growth - each.bound), fit(f"{name}: open files", files, FILES)]


def medians(points: Sequence[tuple[float, float]], seconds: float) -> list[tuple[float, float]]:
    """Return the medians of each piece of so many seconds."""
    pieces = defaultdict[float, list[float]](list)
    for at, value in points:
        pieces[at // seconds * seconds].append(value)
    return [(at, statistics.median(values)) for at, values in sorted(pieces.items())]


def fit(what: str, points: Sequence[tuple[float, float]], bounds: tuple[str, float, float]) -> Verdict:
    """Return what a line through the points rises by between the first and the last."""
    unit, share, least = bounds
    times, values = [at for at, _ in points], [value for _, value in points]
    if len(points) < 3:  # noqa: PLR2004 - any two points lie on a line
        return Verdict(what=what, unit=unit, mean=0, growth=0, bound=0, is_flat=False)
    mean, slope = statistics.fmean(values), statistics.linear_regression(times, values).slope
    growth, bound = slope * (times[-1] - times[0]), max(share * mean, least)
    return Verdict(what=what, unit=unit, mean=mean, growth=growth, bound=bound, is_flat=growth <= bound)


def report(
    minutes: Sequence[dict[str, object]], verdicts: Sequence[Verdict], problems: Sequence[str], *, as_json: bool
) -> None:
    """Print the verdicts."""
    if as_json:
        form = {"minutes": minutes, "verdicts": [asdict(verdict) for verdict in verdicts], "problems": problems}
        print(json.dumps(form, indent=2))
        return
    table = Table("over the second half", "", "mean", "growth", "may grow by", "", box=None)
    for verdict in verdicts:
        numbers = (f"{value:.2f}" for value in (verdict.mean, verdict.growth, verdict.bound))
        table.add_row(verdict.what, verdict.unit, *numbers, "flat" if verdict.is_flat else "GROWS")
    Console(width=120).print(table)
    for problem in problems:
        print(problem)
    if not problems:
        print("every article is in the index, once; the ledger balances, and nothing is pending")


def say(text: str) -> None:
    """Tell what is going on."""
    console.print(f"soak, {datetime.now(UTC):%H:%M:%S}: {text}", soft_wrap=True)


if __name__ == "__main__":
    main()
