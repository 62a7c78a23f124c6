"""A text's fingerprint: the few hashes that its copies are found by, and the sketches that tell how much two texts share.

The *keys* are hashes of phrases of eight words, chosen by winnowing: of every window of phrases, the one with the smallest
hash (Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting", SIGMOD 2003). So two texts
that share some sentences share a key, wherever the sentences stand and however little of either text they are. MinHash bands
(rensa, datasketch) see how alike two whole texts are, and miss an agency's lede with the rest cut off: see
docs/decisions/0011-reprints-by-winnowing.md.

The *sketches* hold the smallest hashes of all passages of a dozen words, and of all shingles, which are runs of a few words
(Broder, "On the resemblance and containment of documents", 1997). Passages tell copies from reports of one template, which
part at every name and figure; shingles tell how many of the words were taken over, since a changed word costs few of them.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.reprint import Fingerprint

#: Words of a phrase. Where every tenth word was changed, a phrase of eight stays whole oftener than a passage of twelve.
PHRASE = 8
#: Phrases of a window: two texts that share ``WINDOW + PHRASE - 1`` words in a row share a key for certain. Each key of a text
#: is a page that the ledger writes; half A finds .25 % fewer of the edited copies by 64 than by 48 and a third more keys.
WINDOW = 64
#: Words of a passage.
PASSAGE = 12
#: Words of a shingle.
SHINGLE = 3
#: Hashes of a sketch: texts up to so many words are compared exactly, longer ones by this sample.
#: Of half A and the rules for tuning, 200 find no more and link no less wrong; 128 link one more wrong.
SKETCH = 160
HASH_BYTES = 3
#: A text with fewer passages, such as a caption or a line that a player was left with, says too little to be a copy.
LEAST = 20
#: What stands behind is not looked at: a live blog may have a hundred thousand words.
MOST_WORDS = 2500
MOST_LETTERS = 10 * MOST_WORDS
NOTHING = Fingerprint(keys=b"", passages=b"", shingles=b"")

Hashes = NDArray[np.uint32]
Wide = NDArray[np.uint64]
_HALF = np.uint64(32)

_BREAK, _DROPPED, _LETTER, _WORD = 0, 1, 2, 3
#: Scripts without spaces, one word a character, as in ``index/folding.py``.
_UNSPACED = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x2E80, 0x31FF), (0x3400, 0x9FFF)),
    *((0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFF66, 0xFFDC)),
)
_PLANE = 0x10000
_HAN_PLANES = (2 * _PLANE, 4 * _PLANE)
#: An odd number without a pattern, and what takes it back, modulo 2**64.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)


def take_fingerprints(texts: Sequence[str]) -> list[Fingerprint]:
    """Return the fingerprint of each text; case, punctuation, and how paragraphs are parted do not count.

    Several at once are hashed twice as fast as one by one.
    """
    words, ends = _hash_words(texts)
    lengths = PHRASE, PASSAGE, SHINGLE
    runs = [_hash_runs(words, length) for length in lengths]
    found, start = [], 0
    for end in ends:
        last = min(end, start + MOST_WORDS)
        own = [hashes[start : max(start, last - length + 1)] for hashes, length in zip(runs, lengths, strict=True)]
        found.append(choose_hashes(*own))
        start = end
    return found


def count_shared(a_sketch: bytes, another: bytes) -> tuple[int, int, int]:
    """Return how many hashes both sketches have, and how many each, as far as both reach.

    A sketch that is full says nothing of hashes greater than its last.
    """
    one, other = _unpack(a_sketch), _unpack(another)
    if not len(one) or not len(other):
        return 0, len(one), len(other)
    reach = min((sketch[-1] for sketch in (one, other) if len(sketch) >= SKETCH), default=None)
    if reach is not None:
        one, other = (each[: each.searchsorted(reach, "right")] for each in (one, other))
    places = other.searchsorted(one)
    places[places == len(other)] = 0
    shared = np.count_nonzero(other[places] == one) if len(other) else 0
    return int(shared), len(one), len(other)


def count_all(sketch: bytes) -> float:
    """Return about how many different hashes the text has that the sketch was taken of."""
    hashes = _unpack(sketch)
    return len(hashes) if len(hashes) < SKETCH else SKETCH * 2**32 / (int(hashes[-1]) + 1)


def choose_hashes(phrases: Wide, passages: Wide, shingles: Wide) -> Fingerprint:
    """Return the fingerprint of the text that has these, in order."""
    distinct = _distinct(_upper(passages))
    if len(distinct) < LEAST:
        return NOTHING
    return Fingerprint(
        keys=_choose_keys(phrases).tobytes(), passages=_pack(distinct), shingles=_pack(_distinct(_upper(shingles)))
    )


def _choose_keys(phrases: Wide) -> Hashes:
    chosen = _least_of_windows(phrases, min(WINDOW, len(phrases)))
    # A key is the half of the hash that it was not chosen by. What is chosen for being small is crowded near zero: by that half,
    # each text of a million shares two keys with others by chance.
    return _distinct(chosen.take(_changes(chosen)).astype(np.uint32))


def _upper(hashes: Wide) -> Hashes:
    """Return the halves that come first in order."""
    return (hashes >> _HALF).astype(np.uint32)


def _pack(hashes: Hashes) -> bytes:
    """Return the sketch of these: of each, the upper three bytes, which of so few hashes are as good as four."""
    return hashes[:SKETCH].astype("<u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()


def _unpack(sketch: bytes) -> Hashes:
    hashes = np.zeros((len(sketch) // HASH_BYTES, 4), np.uint8)
    hashes[:, 1:] = np.frombuffer(sketch, np.uint8).reshape(-1, HASH_BYTES)
    return hashes.view("<u4").ravel()


def _hash_words(texts: Sequence[str]) -> tuple[Wide, list[int]]:
    """Return a hash for each word of the texts, whatever process asks, and after how many words each text ends."""
    lowered = [text[:MOST_LETTERS].lower() for text in texts]
    codes = np.frombuffer("\n".join([*lowered, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.cumsum([len(text) + 1 for text in lowered])
    kinds = _kinds(codes)
    stays = kinds != _DROPPED
    if not stays.all():
        codes, kinds, ends = codes[stays], kinds[stays], np.cumsum(stays)[ends - 1]
    begins = kinds == _LETTER
    begins[1:] &= kinds[:-1] != _LETTER
    begins |= kinds == _WORD
    in_word = np.flatnonzero(kinds >= _LETTER)
    firsts = np.flatnonzero(begins.take(in_word))
    if not len(firsts):
        return np.empty(0, np.uint64), [0] * len(texts)
    letters = codes.take(in_word).astype(np.uint64) + np.uint64(1)
    # Letters are weighed by their place, as in the search of Karp and Rabin ("Efficient randomized pattern-matching …", 1987),
    # so that letters that change places do not cancel out. The weights run on through all texts: what a word's first letter
    # weighed is taken back from its sum.
    sums = np.add.reduceat(letters * _powers(_BASE, len(letters)), firsts)
    words = _mix(sums * _powers(_INVERSE, len(letters)).take(firsts))
    return words, np.searchsorted(in_word.take(firsts), ends).tolist()


def _powers(base: int, count: int) -> Wide:
    """Return so many powers, the first of them 1, modulo 2**64."""
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    powers: Wide = np.multiply.accumulate(factors)
    return powers


def _hash_runs(words: Wide, length: int) -> Wide:
    """Return a hash for each run of so many words, in order; of fewer words there is none."""
    count = max(0, len(words) - length + 1)
    sums = np.zeros(count, np.uint64)
    for number, weight in enumerate(_weights(length)):
        sums += words[number : number + count] * weight
    return _mix(sums)


def _least_of_windows(hashes: Wide, size: int) -> Wide:
    """Return the smallest hash of each window: of windows of 1, 2, 4 … first, then of two of those that overlap."""
    least, width = hashes, 1
    while 2 * width <= size:
        least = np.minimum(least[:-width], least[width:])
        width *= 2
    rest = size - width
    return np.minimum(least[: len(least) - rest], least[rest:])


def _distinct(hashes: Hashes) -> Hashes:
    """Return each once, ascending."""
    ordered = np.sort(hashes)
    return ordered.take(_changes(ordered))


def _changes(hashes: NDArray[Any]) -> NDArray[np.intp]:
    """Return the places of those that differ from the one before."""
    is_other = np.ones(len(hashes), bool)
    np.not_equal(hashes[1:], hashes[:-1], out=is_other[1:])
    return is_other.nonzero()[0]


@cache
def _weights(count: int) -> Wide:
    """Return so many odd numbers without a pattern."""
    return _mix(np.arange(1, count + 1, dtype=np.uint64)) | np.uint64(1)


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return what each character is; of the planes behind the first, those of Chinese have words, the others letters."""
    if not len(codes) or codes.max() < _PLANE:
        return _first_plane().take(codes)
    kinds = _first_plane().take(np.minimum(codes, _PLANE))
    kinds[(codes >= _HAN_PLANES[0]) & (codes < _HAN_PLANES[1])] = _WORD
    return kinds


@cache
def _first_plane() -> NDArray[np.uint8]:
    """Return what each character of the first plane is, and then what those of other planes are."""
    kinds = np.array([_kind(chr(code)) for code in range(_PLANE)] + [_LETTER], np.uint8)
    for first, last in _UNSPACED:
        kinds[first : last + 1][kinds[first : last + 1] == _LETTER] = _WORD
    return kinds


def _kind(character: str) -> int:
    category = unicodedata.category(character)
    if category == "Cf":  # soft hyphens, joiners and direction marks, which each outlet sets for itself
        return _DROPPED
    return _LETTER if category[0] in "LMN" else _BREAK


def _mix(values: NDArray[Any]) -> Wide:
    """Return numbers whose bits all depend on all bits of these (the finaliser of SplitMix64)."""
    mixed = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: Wide = mixed ^ (mixed >> np.uint64(31))
    return result
