"""WARC files that others wrote into our archive and the inbox, resumable to the record.

Records come in by groups. A group is first archived, then put into the ledger together with the position in the file behind
it, in one transaction. An import that dies in between archives the same group under the same name again, and no copy is left.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

from pipeline.archive import name_batch
from pipeline.boundary import boundary
from pipeline.discover.warcs import WantedSites, as_entry
from pipeline.errors import DamagedWarc, Reject, Retry, StoreUnavailable
from pipeline.fetch.responses import judge_response
from pipeline.model.capture import Batch, Capture
from pipeline.model.fate import Reason
from pipeline.model.handover import Report
from pipeline.model.warc import WarcProgress, WarcRecord
from pipeline.ports import Archive, Clock, Ledger, WarcSource

#: A group's captures are in memory at once: at most so many, and not many more bytes.
GROUP = 50
GROUP_BYTES = 16 * 1024 * 1024
#: The position is kept at least this often, also where nothing is wanted.
STRIDE = 64 * 1024 * 1024

log = logging.getLogger(__name__)


def import_warcs(  # noqa: PLR0913 - ports are passed by name, as everywhere
    wanted: WantedSites,
    since: datetime,
    until: datetime,
    *,
    source: WarcSource,
    ledger: Ledger,
    archive: Archive,
    clock: Clock,
    give_way: Callable[[], None] = lambda: None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Take the wanted HTML pages that WARC files hold of ``since <= t < until`` into archive and inbox.

    Each record is counted, by why it was left out if it was. A file that is missing or damaged is counted and said.
    """
    report = Report()

    def fail(_: Reason, detail: str) -> None:
        report.searched["WARC files failed"] += 1
        log.warning("%s", detail)

    with boundary(fail):
        listing = source.files(since, until)
        for problem in listing.problems:
            fail(Reason.UNREACHABLE, problem)
        for address in listing.addresses:
            on_progress(address.rpartition("/")[2])
            with boundary(fail):
                _Import(
                    progress=ledger.warc_progress(f"{address}#{wanted.mark}", since, until),
                    wanted=wanted,
                    ledger=ledger,
                    archive=archive,
                    clock=clock,
                    give_way=give_way,
                    report=report,
                ).read(source, address)
    return report


@dataclass(slots=True, kw_only=True)
class _Import:
    """One file under way; ``progress`` is what the ledger knows, ``position`` how far we are."""

    progress: WarcProgress
    wanted: WantedSites
    ledger: Ledger
    archive: Archive
    clock: Clock
    give_way: Callable[[], None]
    report: Report
    position: int = 0
    group: list[Capture] = field(default_factory=list)

    def read(self, source: WarcSource, address: str) -> None:
        """Read the file from where the last import ended. Raises DamagedWarc or Retry, with all whole records imported."""
        counts = self.report.searched
        size = source.size(address)
        self.progress = self.progress.resume(size)
        if self.progress.is_done:
            counts["WARC files read before"] += 1
            return
        self.position = self.progress.position
        problem: DamagedWarc | Retry | None = None
        try:
            for record in source.read(address, self.position, self._why_left_out):
                self._take_or_count(record)
                self.position = record.ends
                if self._is_enough():
                    self._keep()
        except StoreUnavailable:
            raise
        except (DamagedWarc, Retry) as error:
            problem = error
        if not problem:
            self.position = max(self.position, size)  # behind the last response stand other records, perhaps
            counts["WARC files"] += 1
        self._keep(is_done=problem is None)
        if problem:
            what = f"{address} is {problem}; what stands before it was read"
            raise DamagedWarc(what) if isinstance(problem, DamagedWarc) else problem

    def _why_left_out(self, url: str, at: datetime) -> str:
        if not self.progress.since <= at < self.progress.until:
            return "other day"
        return "" if self.wanted.source_of(url) else "other site"

    def _take_or_count(self, record: WarcRecord) -> None:
        reason = record.left_out
        if record.capture:
            reason = _why_no_page(record.capture)
            if not reason:
                self._take(record.capture)
        if reason:
            self.report.searched[f"records left out: {reason}"] += 1

    def _take(self, capture: Capture) -> None:
        # A batch lies in the folder of one day, where a replay of that day looks for it.
        if self.group and self.group[0].fetched_at.date() != capture.fetched_at.date():
            self._keep()
        self.group.append(capture)

    def _is_enough(self) -> bool:
        return (
            len(self.group) == GROUP
            or sum(len(capture.body) for capture in self.group) >= GROUP_BYTES
            or self.position - self.progress.position >= STRIDE
        )

    def _keep(self, *, is_done: bool = False) -> None:
        """Archive the group, then put it into the ledger with the position behind it."""
        self.give_way()
        unique = {capture.url: capture for capture in reversed(self.group)}
        known = self.ledger.known_urls(unique)
        kept = [capture for url, capture in reversed(unique.items()) if url not in known]
        refs = self.archive.import_captures(self._batch_of(kept), kept) if kept else ()
        entries = [as_entry(each.url, feed) for each in kept if (feed := self.wanted.source_of(each.url))]
        progress = replace(self.progress, position=self.position, is_done=is_done)
        recorded = self.ledger.record_captures(list(zip(entries, refs, strict=True)), progress, self.clock.now())
        self.report.entries += Counter(new=recorded.new)
        self.report.searched += Counter(
            {
                "records imported": recorded.new,
                "records left out: known already": len(self.group) - recorded.new,
            }
        )
        self.progress = progress
        self.group.clear()

    def _batch_of(self, kept: Sequence[Capture]) -> Batch:
        """Name the batch after what is in it, so that the same import has the same name, and another never."""
        name = hashlib.sha256()
        for part in (self.progress.file, self.progress.since, self.progress.until, self.progress.position):
            name.update(f"{part}\n".encode())
        for capture in kept:
            name.update(f"{capture.url} {capture.fetched_at}\n".encode() + capture.body)
        return name_batch(kept[0].fetched_at, name.hexdigest())


def _why_no_page(capture: Capture) -> str:
    if capture.status != HTTPStatus.OK:
        return "not 200"
    try:
        judge_response(capture)
    except Reject:
        return "not HTML"
    return ""
