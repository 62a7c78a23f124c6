"""Texts and the copies of them, as functions over an open transaction.

A text is found by its keys: each has a bucket of the best-ranked texts with that passage, at most ``BUCKET`` of them, so that
ten thousand copies of one text cost each a look at a few. Where a text comes in, its neighbours in the buckets that rank
behind it are compared with it; they are all that it can be the original of, while no bucket is full. Where a bucket is full,
those that were left out of it are reprints of one of its texts: when that text gets another original or other words, its
reprints are *reviewed*, some in each call, so that a call takes no longer however many there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from pipeline.adapters.sql_database import PARAMETERS
from pipeline.adapters.sql_schema import printing_keys, printing_reviews, printings
from pipeline.model.reprint import Fingerprint, Printing, Reprint, Standing
from pipeline.ports import Reprints
from pipeline.reprints.originals import find_original

#: Texts of a bucket. A passage that more texts share is a template, or a text with more copies than can matter.
BUCKET = 8
#: Reprints looked at again in one call: four times a batch, so that reviews keep up with whatever comes in.
REVIEWED = 200

_copied = printings.alias("copied")
_update_one = update(printings).where(printings.c.number == bindparam("key"))
_link_columns = (printings.c.similarity, printings.c.own_share, _copied.c.article_id.label("reprint_of"))
_with_links = printings.outerjoin(_copied, printings.c.original == _copied.c.number)


@dataclass(slots=True)
class _Text:
    """A remembered text, and its link as it stands."""

    number: int
    printing: Printing
    original: int | None = None
    reprint: Reprint | None = None

    def keys(self) -> list[int]:
        return _read_keys(self.printing)


class _Shelf:
    """The texts and buckets that one call looks at, each read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.texts: dict[int, _Text] = {}
        self.buckets: dict[int, set[int]] = {}
        self._stored: dict[int, frozenset[int]] = {}

    def load(self, keys: Iterable[int]) -> None:
        """Read the buckets, their texts, and the originals of those."""
        unknown = set(keys) - self.buckets.keys()
        self.buckets |= {key: set() for key in unknown}
        near = set[int]()
        for key, number in _read_buckets(self._connection, sorted(unknown)):
            self.buckets[key].add(number)
            near.add(number)
        self._stored |= {key: frozenset(self.buckets[key]) for key in unknown}
        self.load_texts(near)
        self.load_texts({text.original for text in self.texts.values() if text.original is not None})

    def load_texts(self, numbers: Iterable[int]) -> None:
        """Read the texts that are not known yet."""
        for some in _chunks([number for number in numbers if number not in self.texts]):
            query = select(*printings.c, *_link_columns[2:]).select_from(_with_links)
            for row in self._connection.execute(query.where(printings.c.number.in_(some))):
                self.texts[row.number] = _read_text(row)

    def find_original(self, text: _Text) -> Reprint | None:
        """Return the text's link, as far as the buckets tell."""
        near = {number for key in text.keys() for number in self.buckets[key]}  # noqa: SIM118 - it is no mapping
        return find_original(text.printing, [self.texts[number].printing for number in near - {text.number}])

    def enter(self, text: _Text) -> set[int]:
        """Put the text into its buckets; return what ranks behind it in those that it stays in, or left one of them for it."""
        behind = set[int]()
        for key in text.keys():  # noqa: SIM118 - as above
            members = self.buckets[key]
            members.add(text.number)
            left = max(members, key=self._rank) if len(members) > BUCKET else None
            if left != text.number:
                behind |= members
            if left is not None:
                members.discard(left)
        behind.discard(text.number)
        return {number for number in behind if self.texts[number].printing.rank > text.printing.rank}

    def leave(self, text: _Text) -> None:
        """Take the text out of its buckets."""
        for key in text.keys():  # noqa: SIM118 - as above
            self.buckets[key].discard(text.number)

    def save(self) -> None:
        """Write the buckets as they are now."""
        changed = [(key, had, self.buckets[key]) for key, had in self._stored.items() if had != self.buckets[key]]
        added = [(key, number) for key, had, has in changed for number in has - had]
        gone = [(key, number) for key, had, has in changed for number in had - has]
        if gone:
            here = (printing_keys.c.key == bindparam("at"), printing_keys.c.printing == bindparam("number"))
            self._connection.execute(
                delete(printing_keys).where(*here), [{"at": key, "number": number} for key, number in gone]
            )
        _add_to_buckets(self._connection, sorted(added))
        self._stored = {}

    def _rank(self, number: int) -> tuple[int, datetime, str]:
        return self.texts[number].printing.rank


def link_printings(connection: Connection, given: Sequence[Printing]) -> dict[str, Reprint | None]:
    """Remember the texts and return their links."""
    newest = {each.article_id: each for each in sorted(given, key=lambda each: each.captured_at)}
    known = {text.printing.article_id: text for text in _texts_of(connection, list(newest))}
    changed = [
        each for each in newest.values() if each.article_id not in known or _replaces(each, known[each.article_id])
    ]
    if changed:
        _link(connection, changed, known)
    _review(connection)
    return reprints(connection, list(newest))


def reprints(connection: Connection, article_ids: Sequence[str]) -> dict[str, Reprint | None]:
    """Return the links of those that are remembered."""
    links = dict[str, Reprint | None]()
    for some in _chunks(article_ids):
        query = select(printings.c.article_id, *_link_columns).select_from(_with_links)
        links |= _read_links(connection.execute(query.where(printings.c.article_id.in_(some))))
    return links


def untold(connection: Connection, *, limit: int) -> dict[str, Reprint | None]:
    """Review some reprints, and return links that are not told yet."""
    _review(connection)
    query = select(printings.c.article_id, *_link_columns).select_from(_with_links)
    # As the index is defined: see sql_schema.
    return _read_links(connection.execute(query.where(~printings.c.is_told).order_by(printings.c.number).limit(limit)))


def has_reviews(connection: Connection) -> bool:
    """Tell whether there are reprints to be looked at again."""
    return connection.execute(select(printing_reviews.c.original).limit(1)).first() is not None


def mark_told(connection: Connection, told: Reprints) -> None:
    """Note what was told, where it is still so."""
    current = reprints(connection, list(told))
    same = [{"key_id": key} for key, link in told.items() if key in current and current[key] == link]
    if same:
        connection.execute(
            update(printings).where(printings.c.article_id == bindparam("key_id")).values(is_told=True), same
        )


def _link(connection: Connection, changed: Sequence[Printing], known: dict[str, _Text]) -> None:
    shelf = _Shelf(connection)
    last = connection.execute(select(func.max(printings.c.number))).scalar() or 0
    fresh = [each for each in changed if each.article_id not in known]
    texts = [_Text(last + place, each) for place, each in enumerate(fresh, 1)]
    before = [known[each.article_id] for each in changed if each.article_id in known]
    after = [replace(known[each.article_id], printing=each) for each in changed if each.article_id in known]
    shelf.load(key for text in (*texts, *before, *after) for key in text.keys())  # noqa: SIM118 - it is no mapping
    for text in before:
        shelf.leave(text)
    shelf.texts |= {text.number: text for text in (*texts, *after)}
    rivals = defaultdict[int, set[int]](set)
    for text in (*texts, *after):
        for number in shelf.enter(text):
            rivals[number].add(text.number)
    links = {text.number: shelf.find_original(text) for text in (*texts, *after)}
    _insert_texts(connection, texts)
    _update_texts(connection, after)
    shelf.save()
    anew = {text.number for text in (*texts, *after)}
    for number in rivals.keys() - anew:
        text = shelf.texts[number]
        if (
            text.original not in anew
        ):  # else it is reviewed below, with all that the original's words or rank may change
            others = rivals[number] if text.original is None else rivals[number] | {text.original}
            links[number] = find_original(text.printing, [shelf.texts[other].printing for other in others])
    _save_links(connection, shelf, links, told=anew, reviewed={text.number for text in after})


def _review(connection: Connection, limit: int = REVIEWED) -> None:
    """Look again at up to ``limit`` reprints of originals that changed."""
    while limit > 0:
        review = connection.execute(select(printing_reviews).order_by(printing_reviews.c.original).limit(1)).first()
        if review is None:
            return
        query = select(printings.c.number).where(
            printings.c.original == review.original, printings.c.number > review.after
        )
        numbers = list(connection.execute(query.order_by(printings.c.number).limit(limit)).scalars())
        here = printing_reviews.c.original == review.original
        if len(numbers) < limit:
            connection.execute(delete(printing_reviews).where(here))
        else:
            connection.execute(update(printing_reviews).where(here).values(after=numbers[-1]))
        limit -= max(1, len(numbers))
        if numbers:
            shelf = _Shelf(connection)
            shelf.load_texts(numbers)
            shelf.load(key for number in numbers for key in shelf.texts[number].keys())  # noqa: SIM118 - it is no mapping
            _save_links(connection, shelf, {number: shelf.find_original(shelf.texts[number]) for number in numbers})


def _save_links(
    connection: Connection,
    shelf: _Shelf,
    links: dict[int, Reprint | None],
    *,
    told: Iterable[int] = (),
    reviewed: Iterable[int] = (),
) -> None:
    """Keep the links that changed, and have the reprints of those articles, and of the ``reviewed``, looked at again."""
    numbers = {text.printing.article_id: number for number, text in shelf.texts.items()}
    told, rows = set(told), list[dict[str, object]]()
    changed = {number: link for number, link in links.items() if link != shelf.texts[number].reprint}
    for number, link in changed.items():
        rows.append(
            {
                "key": number,
                "original": numbers[link.reprint_of] if link else None,
                "similarity": link.similarity if link else None,
                "own_share": link.own_share if link else None,
                "is_told": number in told,
            }
        )
    if rows:
        connection.execute(_update_one, rows)
    for some in _chunks(sorted(changed.keys() | set(reviewed))):
        query = select(printings.c.original).where(printings.c.original.in_(some)).distinct()
        originals = list(connection.execute(query).scalars())
        if originals:
            connection.execute(delete(printing_reviews).where(printing_reviews.c.original.in_(originals)))
            connection.execute(insert(printing_reviews), [{"original": each, "after": 0} for each in originals])


def _replaces(printing: Printing, known: _Text) -> bool:
    """Tell whether it says something else, from a capture that is not older."""
    before = known.printing
    return printing.captured_at >= before.captured_at and printing != replace(before, captured_at=printing.captured_at)


def _insert_texts(connection: Connection, texts: Sequence[_Text]) -> None:
    rows = [{"number": text.number, "is_told": True, **_columns(text.printing)} for text in texts]
    if rows:
        connection.execute(insert(printings), rows)


def _update_texts(connection: Connection, texts: Sequence[_Text]) -> None:
    rows = [{"key": text.number, **_columns(text.printing)} for text in texts]
    if rows:
        connection.execute(_update_one, rows)


def _columns(printing: Printing) -> dict[str, object]:
    return {
        "article_id": printing.article_id,
        "standing": printing.standing,
        "printed_at": printing.printed_at,
        "captured_at": printing.captured_at,
        "keys": printing.fingerprint.keys,
        "passages": printing.fingerprint.passages,
        "shingles": printing.fingerprint.shingles,
    }


def _texts_of(connection: Connection, article_ids: Sequence[str]) -> Iterator[_Text]:
    for some in _chunks(article_ids):
        query = select(*printings.c, *_link_columns[2:]).select_from(_with_links)
        for row in connection.execute(query.where(printings.c.article_id.in_(some))):
            yield _read_text(row)


def _read_text(row: Row[*tuple[Any, ...]]) -> _Text:
    printing = Printing(
        article_id=row.article_id,
        fingerprint=Fingerprint(keys=row.keys, passages=row.passages, shingles=row.shingles),
        standing=Standing(row.standing),
        printed_at=row.printed_at,
        captured_at=row.captured_at,
    )
    return _Text(row.number, printing, row.original, _read_link(row))


def _read_links(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[str, Reprint | None]:
    return {row.article_id: _read_link(row) for row in rows}


def _read_link(row: Row[*tuple[Any, ...]]) -> Reprint | None:
    if row.reprint_of is None:
        return None
    return Reprint(reprint_of=row.reprint_of, similarity=row.similarity, own_share=row.own_share)


def _read_keys(printing: Printing) -> list[int]:
    """Return the keys as the database takes them: with a sign."""
    keys: list[int] = np.frombuffer(printing.fingerprint.keys, np.int32).tolist()
    return keys


def _read_buckets(connection: Connection, keys: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield keys and texts; a thousand numbers as parameters would take longer than all the rest of a call."""
    for some in _chunks(keys):
        numbers = ", ".join(map(str, some))
        yield from connection.exec_driver_sql(f"SELECT key, printing FROM printing_keys WHERE key IN ({numbers})")  # noqa: S608 - whole numbers


def _add_to_buckets(connection: Connection, rows: Sequence[tuple[int, int]]) -> None:
    """Insert keys and texts; as above."""
    for start in range(0, len(rows), PARAMETERS):
        values = ", ".join(f"({key}, {number})" for key, number in rows[start : start + PARAMETERS])
        connection.exec_driver_sql(f"INSERT INTO printing_keys (key, printing) VALUES {values}")  # noqa: S608 - whole numbers


def _chunks(values: Sequence[int] | Sequence[str]) -> Iterator[Sequence[int] | Sequence[str]]:
    for start in range(0, len(values), PARAMETERS):
        yield values[start : start + PARAMETERS]
