"""What single English words are known for, made by benchmarks/fit_lexicon.py; its data names its sources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np

from pipeline.enrich.tagging.tokens import Floats, Integers

UNKNOWN = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Words in lower case, the most frequent first, each with a row of the tables; row 0 stands for all others."""

    rows: Mapping[str, int]
    #: Rows by dimensions, eight bits each: ``vectors[row] * scale`` is the word's vector.
    vectors: Integers
    scale: float
    #: 0 for no surname or given name, else 1 for the most common ones, 2, 3 for rarer.
    surnames: Integers
    given_names: Integers

    def find_rows(self, words: Iterable[str]) -> Integers:
        """Return the row of each word, whatever its case."""
        return np.fromiter((self.rows.get(word.lower(), UNKNOWN) for word in words), dtype=np.int32)

    def look_up(self, rows: Integers) -> Floats:
        """Return the vectors of the rows."""
        return self.vectors[rows].astype(np.float32) * np.float32(self.scale)


@cache
def load_lexicon() -> Lexicon:
    """Return the lexicon, read once."""
    with as_file(files(__package__) / "data" / "lexicon.npz") as path, np.load(path) as tables:
        words = bytes(tables["words"]).decode().split("\n")
        return Lexicon(
            rows={word: row for row, word in enumerate(words) if row != UNKNOWN},
            vectors=tables["vectors"],
            scale=float(tables["scale"]),
            surnames=tables["surnames"],
            given_names=tables["given_names"],
        )
