"""Copies by the libraries for MinHash with LSH: texts as JSON lines in, one answer out, in the environment of the peers.

Run by reprint_quality.py as ``python reprint_peers.py WORDS``, so many words a passage; it knows nothing of Newswire.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence

#: Each text to the number of the earliest that it is a copy of, or None.
Finder = Callable[[Sequence[str]], list[int | None]]
#: Below this Jaccard coefficient, rensa is asked for a band a hash, else for 32 of four.
LOW = 0.3


def passages_of(text: str) -> list[str]:
    """Return the passages as the libraries take them: strings."""
    words, length = text.lower().split(), int(sys.argv[1])
    return [" ".join(words[at : at + length]) for at in range(max(1, len(words) - length + 1))]


def rensa(threshold: float) -> Finder:
    """Return a finder by rensa's RMinHash and LSH: the earliest of the candidates above the threshold."""
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - peers' environment alone has it

    def find(texts: Sequence[str]) -> list[int | None]:
        index = RMinHashLSH(threshold=threshold, num_perm=128, num_bands=128 if threshold < LOW else 32)
        hashes, originals = [], []
        for number, text in enumerate(texts):
            one = RMinHash(num_perm=128, seed=42)
            one.update(passages_of(text))
            originals.append(min((at for at in index.query(one) if hashes[at].jaccard(one) >= threshold), default=None))
            index.insert(number, one)
            hashes.append(one)
        return originals

    return find


def datasketch(threshold: float) -> Finder:
    """Return a finder by datasketch's MinHash and MinHashLSH: the earliest of the candidates above the threshold."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - as above

    def find(texts: Sequence[str]) -> list[int | None]:
        index = MinHashLSH(threshold=threshold, num_perm=128)
        hashes, originals = [], []
        for number, text in enumerate(texts):
            one = MinHash(num_perm=128)
            one.update_batch([passage.encode() for passage in passages_of(text)])
            originals.append(min((at for at in index.query(one) if hashes[at].jaccard(one) >= threshold), default=None))
            index.insert(number, one)
            hashes.append(one)
        return originals

    return find


#: At Jaccard coefficients that a copy may have.
PEERS: dict[str, Finder] = {
    **{f"rensa, J ≥ {threshold}": rensa(threshold) for threshold in (0.05, 0.1, 0.2, 0.4)},
    **{f"datasketch, J ≥ {threshold}": datasketch(threshold) for threshold in (0.1, 0.2)},
}


def measure(find: Finder, texts: Sequence[str]) -> dict[str, object]:
    """Return the original of each text and the CPU seconds that all took."""
    started = time.process_time()
    originals = find(texts)
    return {"originals": originals, "seconds": time.process_time() - started}


if __name__ == "__main__":
    given = [json.loads(line) for line in sys.stdin]
    print(json.dumps({name: measure(find, given) for name, find in PEERS.items()}))
