"""Scores of labels become spans: the best sequence in which every name begins and ends."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from pipeline.enrich.tagging.features import NONE
from pipeline.enrich.tagging.tokens import Floats, Span

#: The values of Kind.
KINDS = ("person", "organization", "place", "other")
#: S for a name of one token, else B, I and E for its first, inner and last tokens (Ratinov and Roth, 2009: BILOU).
LABELS = (NONE, *(f"{place}-{kind}" for kind in KINDS for place in "BIES"))
_NEVER = -1e9


def find_spans(scores: Floats) -> list[Span]:
    """Return the spans of the best sequence of labels, in order; scores are tokens by ``LABELS``."""
    spans, start = [], 0
    for index, number in enumerate(find_best(scores)):
        place, _, kind = LABELS[number].partition("-")
        if place in {"B", "S"}:
            start = index
        if place in {"E", "S"}:
            spans.append(Span(start, index + 1, kind))
    return spans


def find_best(scores: Floats) -> Sequence[int]:
    """Return the numbers of the labels of the best sequence that is well formed (Viterbi, 1967)."""
    if not len(scores):
        return []
    steps, begins, ends = _transitions()
    back = np.zeros(scores.shape, dtype=np.int8)
    columns = np.arange(len(LABELS))
    best = scores[0] + begins
    for index in range(1, len(scores)):
        reached = best[:, None] + steps
        back[index] = reached.argmax(axis=0)
        best = reached[back[index], columns] + scores[index]
    number = int((best + ends).argmax())
    path = [number]
    for index in range(len(scores) - 1, 0, -1):
        number = int(back[index, number])
        path.append(number)
    return path[::-1]


@cache
def _transitions() -> tuple[Floats, Floats, Floats]:
    """Return what it costs to go from one label to the next, to begin and to end with one: nothing or everything."""
    opens = np.array([label[0] in "BI" for label in LABELS])
    continues = np.array([label[0] in "IE" for label in LABELS])
    kinds = np.array([label[2:] for label in LABELS])
    fits = np.where(opens[:, None], continues[None, :] & (kinds[:, None] == kinds[None, :]), ~continues[None, :])
    return np.where(fits, 0.0, _NEVER), np.where(continues, _NEVER, 0.0), np.where(opens, _NEVER, 0.0)
