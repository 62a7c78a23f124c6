"""A text as its tagger reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens ``start`` to ``end``, exclusive, and what they are labelled."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The tokens of a text in order, none empty."""

    words: Sequence[str]
    #: Characters of the text where each token starts.
    starts: Sequence[int]
    #: The vector of each token in its context, of the model below: tokens by width.
    context: Floats
