"""What finds names."""

from collections.abc import Sequence
from typing import Protocol

from pipeline.model.entity import Mention


class Tagger(Protocol):
    """Finds names in text of one language."""

    def tag(self, texts: Sequence[str], language: str) -> tuple[tuple[Mention, ...], ...] | None:
        """Return the mentions of each text in order of start, none overlapping; None where the language is not its own."""
        ...
