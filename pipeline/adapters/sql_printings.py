"""Texts and the copies of them, as functions over an open transaction.

A text is found by its keys: each has a bucket of the best-ranked texts with that passage, at most ``BUCKET`` of them, so that
ten thousand copies of one text cost each a look at a few. Where a text comes in, its neighbours in the buckets that rank
behind it are compared with it; they are all that it can be the original of, while no bucket is full. Where a bucket is full,
those that were left out of it are reprints of one of its texts: when that text gets another original or other words, its
reprints are *reviewed*: in each call as many as it brings texts, so that however often a text with many copies gets another
original, there is about one review for each text that comes in.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from pipeline.adapters.sql_among import among
from pipeline.adapters.sql_schema import printing_reviews, printings
from pipeline.adapters.sql_shelf import (
    Shelf,
    Text,
    drop_texts,
    insert_texts,
    link_columns,
    link_values,
    read_link,
    texts_of,
    update_links,
    update_texts,
    with_links,
)
from pipeline.model.reprint import Printing, Reprint
from pipeline.ports import Reprints
from pipeline.reprints.originals import find_original

#: Reprints looked at again in a call that brings no texts.
REVIEWED = 200

_links = select(printings.c.article_id, *link_columns).select_from(with_links)
_links_by_article = _links.where(among(printings.c.article_id))
_with_reprints = select(printings.c.original).where(among(printings.c.original)).distinct()
_copy = printings.alias("copy")
_copies = exists().where(_copy.c.original == printings.c.number)
_mark_told = update(printings).where(printings.c.article_id == bindparam("key_id"))


def link_printings(connection: Connection, given: Sequence[Printing]) -> dict[str, Reprint | None]:
    """Remember the texts and return their links."""
    newest = {each.article_id: each for each in sorted(given, key=lambda each: each.captured_at)}
    known = texts_of(connection, list(newest))
    changed = [
        each for each in newest.values() if each.article_id not in known or _replaces(each, known[each.article_id])
    ]
    if changed:
        _link(connection, changed, known)
        review(connection, len(changed))
    return reprints(connection, list(newest))


def reprints(connection: Connection, article_ids: Sequence[str]) -> dict[str, Reprint | None]:
    """Return the links of those that are remembered."""
    rows = connection.execute(_links_by_article, {"values": list(article_ids)}).all()
    return {row.article_id: read_link(row) for row in rows}


def untold(connection: Connection, *, limit: int) -> dict[str, Reprint | None]:
    """Return links that are not told yet."""
    # As the index is defined: see sql_schema.
    query = _links.where(~printings.c.is_told).order_by(printings.c.number).limit(limit)
    return {row.article_id: read_link(row) for row in connection.execute(query).all()}


def mark_told(connection: Connection, told: Reprints) -> None:
    """Note whether what was told is still so: another process may have told the newer before the older."""
    current = reprints(connection, list(told))
    rows = [{"key_id": key, "is_told": link == told[key]} for key, link in current.items()]
    if rows:
        connection.execute(_mark_told, rows)


def review(connection: Connection, limit: int = REVIEWED) -> bool:
    """Look again at up to ``limit`` reprints of originals that changed; tell whether there were any to look at."""
    is_any = False
    while limit > 0:
        row = connection.execute(select(printing_reviews).order_by(printing_reviews.c.original).limit(1)).first()
        if row is None:
            return is_any
        is_any = True
        query = select(printings.c.number).where(printings.c.original == row.original, printings.c.number > row.after)
        numbers = list(connection.execute(query.order_by(printings.c.number).limit(limit)).scalars())
        here = printing_reviews.c.original == row.original
        if len(numbers) < limit:
            connection.execute(delete(printing_reviews).where(here))
        else:
            connection.execute(update(printing_reviews).where(here).values(after=numbers[-1]))
        limit -= max(1, len(numbers))
        if numbers:
            shelf = Shelf(connection)
            shelf.load_texts(numbers)
            shelf.load([shelf.texts[number] for number in numbers])
            _save_links(connection, shelf, {number: shelf.find_original(shelf.texts[number]) for number in numbers})
    return is_any


def count_forgettable(connection: Connection, before: datetime) -> int:
    """Count what ``forget`` would visit: an original stays with the youngest of its reprints."""
    is_old = printings.c.captured_at < before, ~_copies.where(_copy.c.captured_at >= before)
    return connection.execute(select(func.count()).select_from(printings).where(*is_old)).scalar_one()


def forget(connection: Connection, before: datetime, *, limit: int) -> int:
    """Forget up to ``limit`` texts that are older and nobody's original any more; reprints first, so that none names nothing."""
    is_old = printings.c.captured_at < before, ~_copies
    rows = connection.execute(
        select(printings.c.number, printings.c["keys"]).where(*is_old).order_by(printings.c.captured_at).limit(limit)
    ).all()
    if rows:
        drop_texts(connection, {row.number: row.keys for row in rows})
        connection.execute(
            delete(printing_reviews).where(among(printing_reviews.c.original)), {"values": [row.number for row in rows]}
        )
    return len(rows)


def _link(connection: Connection, changed: Sequence[Printing], known: Mapping[str, Text]) -> None:
    shelf = Shelf(connection)
    last = connection.execute(select(func.max(printings.c.number))).scalar() or 0
    fresh = [each for each in changed if each.article_id not in known]
    texts = [Text(last + place, each) for place, each in enumerate(fresh, 1)]
    before = [known[each.article_id] for each in changed if each.article_id in known]
    after = [
        Text(known[each.article_id].number, each, known[each.article_id].original, known[each.article_id].reprint)
        for each in changed
        if each.article_id in known
    ]
    shelf.load([*texts, *before, *after])
    for text in before:
        shelf.leave(text)
    shelf.texts |= {text.number: text for text in (*texts, *after)}
    rivals = defaultdict[int, set[int]](set)
    for text in (*texts, *after):
        for number in shelf.enter(text):
            rivals[number].add(text.number)
    shelf.save()
    update_texts(connection, after)
    numbers = {text.printing.article_id: number for number, text in shelf.texts.items()}
    for text in texts:
        text.reprint = shelf.find_original(text)
        text.original = numbers[text.reprint.reprint_of] if text.reprint else None
    insert_texts(connection, texts)
    links = {text.number: shelf.find_original(text) for text in after}
    _save_links(connection, shelf, links, is_told=True, reviewed=[text.number for text in after])
    _save_links(connection, shelf, _follow(shelf, rivals, {text.number for text in (*texts, *after)}))


def _follow(shelf: Shelf, rivals: Mapping[int, set[int]], anew: set[int]) -> dict[int, Reprint | None]:
    """Return the links of texts that were there, and have new texts before them."""
    links = dict[int, Reprint | None]()
    for number in rivals.keys() - anew:
        text = shelf.texts[number]
        # Else it is reviewed, with all that the original's words or rank may change.
        if text.original not in anew:
            others = rivals[number] if text.original is None else rivals[number] | {text.original}
            links[number] = find_original(text.printing, [shelf.texts[other].printing for other in others])
    return links


def _save_links(
    connection: Connection,
    shelf: Shelf,
    links: Mapping[int, Reprint | None],
    *,
    is_told: bool = False,
    reviewed: Sequence[int] = (),
) -> None:
    """Keep the links that changed, and have the reprints of those articles, and of the ``reviewed``, looked at again."""
    changed = {number: link for number, link in links.items() if link != shelf.texts[number].reprint}
    if not changed and not reviewed:
        return
    numbers = {text.printing.article_id: number for number, text in shelf.texts.items()}
    rows = [
        {"at": number, "is_told": is_told, **link_values(numbers[link.reprint_of] if link else None, link)}
        for number, link in changed.items()
    ]
    update_links(connection, rows)
    moved = {"values": sorted(changed.keys() | set(reviewed))}
    originals = list(connection.execute(_with_reprints, moved).scalars())
    if originals:
        connection.execute(delete(printing_reviews).where(among(printing_reviews.c.original)), {"values": originals})
        connection.execute(insert(printing_reviews), [{"original": each, "after": 0} for each in originals])


def _replaces(printing: Printing, known: Text) -> bool:
    """Tell whether it says something else, from a capture that is not older."""
    before = known.printing
    return printing.captured_at >= before.captured_at and printing != replace(before, captured_at=printing.captured_at)
