"""A rebuilt generation from its beginning until it can stand in for the live one, and what the archive remembers of it."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.errors import UsageError
from pipeline.flow import BATCH_SIZE, feed_rules
from pipeline.model import codec
from pipeline.model.capture import Capture, CaptureRef
from pipeline.model.feed import Rules
from pipeline.model.rebuild import Comparison, Interval, Rebuild, Replayed
from pipeline.ports import Form
from pipeline.replay.captures import (
    Speaking,
    copy_documents,
    in_groups,
    read_captures,
    replay_interval,
    write_documents,
)
from pipeline.replay.comparison import compare_documents
from pipeline.replay.parts import Parts

COPY_SIZE = 500  # documents, some 10 kB each
MAX_LOGGED = 3  # refusals of a group
#: The whole archive.
ALWAYS = Interval(since=datetime(1990, 1, 1, tzinfo=UTC), until=datetime(9999, 1, 1, tzinfo=UTC))
log = logging.getLogger(__name__)

#: Told what is done, and how many more of it are.
Progress = Callable[[str, int], None]


def silent(_: str, __: int) -> None:
    """Show no progress."""


def begin_rebuild(parts: Parts) -> str:
    """Begin an empty generation beside the live one and return its name."""
    generation = parts.store.begin_generation()
    _keep(Rebuild(generation=generation, begun_at=parts.clock.now()), parts)
    return generation


def open_rebuild(parts: Parts) -> str | None:
    """Return the newest rebuilt generation that waits to be promoted: neither live, nor promoted before, nor dropped."""
    waiting = {each.generation for each in parts.store.status() if not each.is_live}
    known = [read_rebuild(name, parts) for name in sorted(waiting)]
    waits = [each for each in known if each and not each.promoted_at]
    return max(waits, key=lambda each: each.begun_at).generation if waits else None


def rebuild_generation(
    generation: str, interval: Interval, *, parts: Parts, on_progress: Progress = silent
) -> Replayed:
    """Replay the interval into the generation, and bring over what it lacks of the live one. Repeating it changes nothing.

    Several intervals may be replayed into one generation, in any order. Raises UsageError for the live generation.
    """
    check_rebuilt(generation, parts)
    known = read_rebuild(generation, parts) or Rebuild(generation=generation, begun_at=parts.clock.now())
    if interval not in known.intervals:
        _keep(replace(known, intervals=(*known.intervals, interval)), parts)
    report = replay_interval(
        generation,
        Interval(since=interval.since, until=min(interval.until, parts.clock.now())),
        parts=parts,
        rules=feed_rules(parts.ledger),
        on_progress=lambda count: on_progress("captures", count),
    )
    report.add(bring_over(generation, parts=parts, on_progress=on_progress))
    parts.correct_documents()
    return report


def bring_over(
    generation: str, *, parts: Parts, since: Mapping[str, int] | None = None, on_progress: Progress = silent
) -> Replayed:
    """Give the generation the live documents that it lacks or has of an older capture; ``since`` as in the store's port.

    A document whose capture lies in a replayed interval is made anew, so that what the replay left out stays left out;
    all others are copied as they are.
    """
    rebuild = read_rebuild(generation, parts)
    intervals = rebuild.intervals if rebuild else ()
    rules = feed_rules(parts.ledger)
    report = Replayed()
    for group in in_groups(parts.store.missing(generation, since=since), COPY_SIZE):
        if since is None:  # while writers are held for a last round, nobody may wait for them
            parts.give_way()
        anew, others = list[Form](), list[Form]()
        for form in group:
            is_within = any(interval.holds(_captured_at(form)) for interval in intervals)
            (anew if is_within else others).append(form)
        report.copied += len(others) - len(_copy(others, generation, parts, report))
        for batch in in_groups(anew, BATCH_SIZE):
            _make_anew(batch, generation, parts=parts, rules=rules, report=report)
        on_progress("documents", len(group))
    return report


def compare_rebuild(generation: str, *, parts: Parts, on_progress: Progress = silent) -> Comparison:
    """Compare the generation with the live one and keep the result in the archive.

    What live runs wrote meanwhile is brought over first, so that what differs is the code's doing alone.
    """
    check_rebuilt(generation, parts)
    caught_up = bring_over(generation, parts=parts, on_progress=on_progress)
    live = next((each.generation for each in parts.store.status() if each.is_live), None)
    rebuild = read_rebuild(generation, parts)
    comparison = Comparison(
        generation=generation,
        live=live,
        compared_at=parts.clock.now(),
        intervals=rebuild.intervals if rebuild else (),
        left_out=dict(caught_up.left_out),
        differences=compare_documents(
            parts.store.documents(live) if live else (),
            _told(parts.store.documents(generation), on_progress),
        ),
    )
    parts.archive.write_report(f"comparison-{generation}", codec.encode(comparison))
    return comparison


def read_rebuild(generation: str, parts: Parts) -> Rebuild | None:
    """Return what the archive remembers of the generation, if it was begun as a rebuild."""
    content = parts.archive.read_report(f"rebuild-{generation}")
    return codec.decode(content, Rebuild) if content else None


def keep_promotion(generation: str, parts: Parts) -> None:
    """Remember that the generation has been promoted."""
    if rebuild := read_rebuild(generation, parts):
        _keep(replace(rebuild, promoted_at=parts.clock.now()), parts)


def check_rebuilt(generation: str, parts: Parts) -> None:
    """Raise UsageError where the generation is live or does not exist."""
    known = {each.generation: each for each in parts.store.status()}
    if generation not in known:
        raise UsageError(f"there is no generation {generation!r}; newswire index status lists them")
    if known[generation].is_live:
        raise UsageError(f"{generation} is live; a replay goes into a generation that readers do not see")


def _keep(rebuild: Rebuild, parts: Parts) -> None:
    parts.archive.write_report(f"rebuild-{rebuild.generation}", codec.encode(rebuild))


def _copy(forms: Sequence[Form], generation: str, parts: Parts, report: Replayed) -> Collection[str]:
    """Copy the documents, and count and log the refused; return these."""
    refused = copy_documents(forms, generation, parts=parts)
    report.refused += len(refused)
    for key, detail in list(refused.items())[:MAX_LOGGED]:
        log.warning("the search store refuses document %s: %s", key, detail)
    return refused


def _make_anew(
    forms: Sequence[Form], generation: str, *, parts: Parts, rules: Mapping[str, Rules], report: Replayed
) -> None:
    """Read the documents' captures again; a document whose capture cannot be read is kept as it is."""
    captures, kept = _find_captures(forms, parts)
    read = read_captures(captures, parts=parts, rules=rules)
    if read.documents:
        refused = write_documents(read.documents, generation, parts=parts)
        report.written += len(read.documents) - len(refused)
        report.refused += len(refused)
    if read.rejected:
        captured = {form["id"]: _captured_at(form) for form in forms if form["id"] in read.rejected}
        parts.store.remove(captured, generation=generation)
    kept |= {key: str(reason) for key, reason in read.broken.items()}
    refused_ids = _copy([form for form in forms if form["id"] in kept], generation, parts, report)
    report.kept.update(reason for key, reason in kept.items() if key not in refused_ids)
    report.left_out.update(read.rejected.values())


def _find_captures(forms: Sequence[Form], parts: Parts) -> tuple[list[Speaking], dict[str, str]]:
    """Return the captures that the documents were made of, and by id why others cannot be had."""
    found, lacking = dict[str, tuple[Capture, CaptureRef]](), dict[str, str]()
    for form in forms:
        if "capture" not in form:
            lacking[form["id"]] = "never had a capture"
            continue
        ref = CaptureRef(**form["capture"])
        try:
            found[form["id"]] = parts.archive.read(ref), ref
        except UsageError:  # pruned, moved or damaged
            lacking[form["id"]] = "capture is not in the archive"
    holdings = parts.ledger.holdings([capture.url for capture, _ in found.values()])
    captures = list[Speaking]()
    for key, (capture, ref) in found.items():
        holding = holdings.get(capture.url)
        if holding and holding.article.article_id == key:
            captures.append(Speaking(capture=capture, ref=ref, holding=holding))
        else:
            lacking[key] = "unknown to the ledger"
    return captures, lacking


def _captured_at(form: Form) -> datetime:
    return datetime.fromisoformat(form["captured_at"])


def _told(forms: Iterable[Form], on_progress: Progress) -> Iterator[Form]:
    for form in forms:
        on_progress("compared", 1)
        yield form
