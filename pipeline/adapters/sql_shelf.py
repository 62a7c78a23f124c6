"""The texts and buckets that one call looks at, each read once and written once; see sql_printings.

Statements take their numbers as one parameter, so that they are compiled once: written out, a thousand numbers took longer
than all the rest of a call.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from pipeline.adapters.sql_among import among
from pipeline.adapters.sql_keys import delete_pairs, insert_pairs, read_keys
from pipeline.adapters.sql_schema import printing_keys, printings
from pipeline.model.reprint import Fingerprint, Printing, Reprint, Standing
from pipeline.reprints.originals import find_original

#: Texts of a bucket. A passage that more texts share is a template, or a text with more copies than can matter.
BUCKET = 8

_copied = printings.alias("copied")
link_columns = (printings.c.similarity, printings.c.own_share, _copied.c.article_id.label("reprint_of"))
with_links = printings.outerjoin(_copied, printings.c.original == _copied.c.number)
_texts = select(*printings.c, link_columns[2]).select_from(with_links)
_texts_by_number = _texts.where(among(printings.c.number))
_texts_by_article = _texts.where(among(printings.c.article_id))
_members = select(printing_keys.c.key, printing_keys.c.printing).where(among(printing_keys.c.key))
_delete_texts = delete(printings).where(among(printings.c.number))
_update_text = update(printings).where(printings.c.number == bindparam("at"))


@dataclass(slots=True)
class Text:
    """A remembered text, and its link as it stands."""

    number: int
    printing: Printing
    original: int | None = None
    reprint: Reprint | None = None
    #: As the database takes them: with a sign.
    keys: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Read the keys, which are asked for several times."""
        self.keys = read_keys(self.printing.fingerprint.keys)


class Shelf:
    """What is read stays for the call; what enters and leaves a bucket is written by ``save``."""

    def __init__(self, connection: Connection) -> None:
        """Know nothing yet."""
        self._connection = connection
        self.texts: dict[int, Text] = {}
        #: The texts in each bucket that was loaded or entered; a key without any is not there.
        self._buckets: dict[int, set[int]] = {}
        self._added: set[tuple[int, int]] = set()
        self._gone: set[tuple[int, int]] = set()

    def load(self, texts: Sequence[Text]) -> None:
        """Read the buckets of these texts, all texts in them, and the originals of those."""
        keys = {key for text in texts for key in text.keys}
        for key, number in self._connection.execute(_members, {"values": sorted(keys)}).all():
            self._buckets.setdefault(key, set()).add(number)
        self.load_texts({number for members in self._buckets.values() for number in members})
        self.load_texts({text.original for text in self.texts.values() if text.original is not None})

    def load_texts(self, numbers: Iterable[int]) -> None:
        """Read the texts that are not known yet."""
        unknown = sorted(set(numbers) - self.texts.keys())
        if unknown:
            for row in self._connection.execute(_texts_by_number, {"values": unknown}).all():
                self.texts[row.number] = read_text(row)

    def find_original(self, text: Text) -> Reprint | None:
        """Return the text's link, as far as the buckets tell."""
        near = {number for key in text.keys for number in self._buckets.get(key, ())}
        near.discard(text.number)
        return find_original(text.printing, [self.texts[number].printing for number in near]) if near else None

    def enter(self, text: Text) -> set[int]:
        """Put the text into its buckets; return what ranks behind it in those that it stays in, or left one of them for it."""
        behind, number = set[int](), text.number
        for key in text.keys:
            members = self._buckets.get(key)
            if members is None:
                self._buckets[key] = {number}
                self._added.add((key, number))
                continue
            left = max((*members, number), key=self._rank) if len(members) >= BUCKET else None
            if left != number:
                behind |= members
                members.add(number)
                self._note(key, number, came=True)
                if left is not None:
                    members.discard(left)
                    self._note(key, left, came=False)
        behind.discard(number)
        rank = text.printing.rank
        return {other for other in behind if self.texts[other].printing.rank > rank}

    def leave(self, text: Text) -> None:
        """Take the text out of its buckets."""
        for key in text.keys:
            members = self._buckets.get(key, set())
            if text.number in members:
                members.discard(text.number)
                self._note(key, text.number, came=False)

    def save(self) -> None:
        """Write what entered buckets, and what left them."""
        delete_pairs(self._connection, printing_keys, [*self._gone])
        insert_pairs(self._connection, printing_keys, sorted(self._added))
        self._added, self._gone = set(), set()

    def _note(self, key: int, number: int, *, came: bool) -> None:
        """Note a change of what is stored; coming and going cancel out."""
        undone, noted = (self._gone, self._added) if came else (self._added, self._gone)
        if (key, number) in undone:
            undone.discard((key, number))
        else:
            noted.add((key, number))

    def _rank(self, number: int) -> tuple[int, datetime, str]:
        return self.texts[number].printing.rank


def texts_of(connection: Connection, article_ids: Sequence[str]) -> dict[str, Text]:
    """Return what is remembered of these articles."""
    rows = connection.execute(_texts_by_article, {"values": list(article_ids)}).all()
    return {row.article_id: read_text(row) for row in rows}


def insert_texts(connection: Connection, texts: Sequence[Text]) -> None:
    """Remember texts, each with its link, which its document is told now."""
    if texts:
        rows = [
            {
                "number": text.number,
                "is_told": True,
                **_columns(text.printing),
                **link_values(text.original, text.reprint),
            }
            for text in texts
        ]
        connection.execute(insert(printings), rows)


def drop_texts(connection: Connection, keys: Mapping[int, bytes]) -> None:
    """Take texts out of their buckets, and forget them: keys by number."""
    pairs = [(key, number) for number, some in keys.items() for key in read_keys(some)]
    delete_pairs(connection, printing_keys, pairs)
    connection.execute(_delete_texts, {"values": list(keys)})


def update_texts(connection: Connection, texts: Sequence[Text]) -> None:
    """Keep what these say now."""
    if texts:
        connection.execute(_update_text, [{"at": text.number, **_columns(text.printing)} for text in texts])


def update_links(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Keep links; each row has the text's number as ``at``, and ``link_values``."""
    if rows:
        connection.execute(_update_text, rows)


def link_values(original: int | None, link: Reprint | None) -> dict[str, object]:
    """Return a link as columns."""
    return {
        "original": original,
        "similarity": link.similarity if link else None,
        "own_share": link.own_share if link else None,
    }


def read_link(row: Row[*tuple[Any, ...]]) -> Reprint | None:
    """Return the link of a row with ``link_columns``."""
    if row.reprint_of is None:
        return None
    return Reprint(reprint_of=row.reprint_of, similarity=row.similarity, own_share=row.own_share)


def read_text(row: Row[*tuple[Any, ...]]) -> Text:
    """Return the text of a row with all columns."""
    printing = Printing(
        article_id=row.article_id,
        fingerprint=Fingerprint(keys=row.keys, passages=row.passages, shingles=row.shingles),
        standing=Standing(row.standing),
        printed_at=row.printed_at,
        captured_at=row.captured_at,
    )
    return Text(row.number, printing, row.original, read_link(row))


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
