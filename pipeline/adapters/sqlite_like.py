"""What the vocabulary of the embedded index tells: the telling words of a document, and words close to a misspelt one."""

import difflib
import math
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.adapters.sqlite_query import Condition, Reach
from pipeline.index.folding import fold, fold_words
from pipeline.ports import Form

# The same as the Elasticsearch store asks of more_like_this.
_MOST_WORDS = 25
_LEAST_DOCUMENTS = 2
_LEAST_SHARE = 0.3
_CLOSE = 0.75  # of difflib's ratio: one letter of four, two of eight
_MOST_CLOSE = 20  # that are told apart by edits and frequency
_AT_ONCE = 500

# ruff: noqa: S608 - question marks only

# The word's documents first, until enough are found: by itself SQLite would begin with all of the generation.
_SHARED = """
SELECT 1 FROM words CROSS JOIN documents ON key = words.rowid
WHERE words MATCH ? AND generation = (SELECT name FROM generations WHERE is_live) LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What finds documents that say the like: the FTS5 expression of any of the words, and that enough of them are there."""

    words: str
    where: Condition


def find_likeness(connection: sqlite3.Connection, form: Form) -> Likeness:
    """Return what finds documents that share the telling words of this one; not itself, nor its reprints."""
    quoted = [f'"{word}"' for word in _find_telling(connection, form)]
    if not quoted:
        return Likeness('""', Condition("0", reach=Reach.KEYS))
    each = " UNION ALL ".join("SELECT rowid AS found FROM words WHERE words MATCH ?" for _ in quoted)
    least = max(1, math.floor(_LEAST_SHARE * len(quoted)))
    where = f"key IN (SELECT found FROM ({each}) GROUP BY found HAVING count(*) >= ?) AND original <> ?"
    return Likeness(" OR ".join(quoted), Condition(where, (*quoted, least, form["original"]), Reach.KEYS))


def find_corrections(connection: sqlite3.Connection, words: Sequence[str]) -> dict[str, str]:
    """Return the closest word of the index for each word that it has not, of several as close the one in most documents.

    Those with the same first letter are looked at.
    """
    corrections = {}
    for word in words:
        folded = fold(word)
        if connection.execute("SELECT 1 FROM vocabulary WHERE term = ?", (folded,)).fetchone():
            continue
        near = connection.execute(
            "SELECT term FROM terms WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?",
            (folded[:1], folded[:1] + "\U0010ffff", len(folded) - 2, len(folded) + 2),
        )
        close = difflib.get_close_matches(folded, [term for (term,) in near], _MOST_CLOSE, _CLOSE)
        # Words stay in ``terms`` when the last document that has them goes.
        there = _count_documents(connection, close)
        if there:
            corrections[word] = min(there, key=lambda each: (count_edits(folded, each), -there[each], each))
    return corrections


def count_edits(one: str, other: str) -> int:
    """Return how many letters must be added, left out or put in another's place, or swapped with their neighbour.

    The optimal string alignment distance: Boytsov 2011, "Indexing methods for approximate dictionary searching", 2.2.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        last, before = before, row
        row = [i + 1]
        for j, expected in enumerate(other):
            row.append(min(before[j] + (letter != expected), before[j + 1] + 1, row[j] + 1))
            if i and j and letter == other[j - 1] and one[i - 1] == expected:
                row[-1] = min(row[-1], last[j - 1] + 1)
    return row[-1]


def _find_telling(connection: sqlite3.Connection, form: Form) -> list[str]:
    """Return the words that stand often in this document and in few others (tf-idf).

    How rare a word is, all generations tell, which hold much the same: each counted alone would take as long as a search for it.
    """
    counts = Counter(fold_words("\n".join([form["headline"], form.get("deck", ""), form["text"]])))
    total = connection.execute("SELECT sum(documents) FROM generations").fetchone()[0]
    documents = _count_documents(connection, list(counts))
    weights = {
        word: counts[word] * (1 + math.log(total / count))
        for word, count in documents.items()
        if count >= _LEAST_DOCUMENTS
    }
    ranked = sorted(weights, key=lambda word: (-weights[word], word))
    return list(islice((word for word in ranked if _is_shared(connection, word)), _MOST_WORDS))


def _is_shared(connection: sqlite3.Connection, word: str) -> bool:
    """Tell whether enough documents of the live generation have the word: two copies of one are counted as two elsewhere."""
    found = connection.execute(_SHARED, (f'"{word}"', _LEAST_DOCUMENTS)).fetchall()
    return len(found) == _LEAST_DOCUMENTS


def _count_documents(connection: sqlite3.Connection, words: Sequence[str]) -> dict[str, int]:
    """Return in how many documents each of the words is that the index has."""
    documents: dict[str, int] = {}
    for start in range(0, len(words), _AT_ONCE):
        some = words[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        documents |= dict(connection.execute(f"SELECT term, doc FROM vocabulary WHERE term IN ({marks})", some))
    return documents
