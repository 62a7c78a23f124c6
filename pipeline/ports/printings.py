"""What is remembered of every indexed text, so that its copies are found."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pipeline.model.reprint import Printing, Reprint

#: By article id; None: the article is an original.
Reprints = Mapping[str, Reprint | None]


class Printings(Protocol):
    """Remembers texts by their fingerprints and links each to its original. Every method is one transaction.

    An article's original is the best-ranked article of those before it that it shares enough with (``reprints/originals.py``).
    So the links are the same in whatever order the articles come; an original that comes late changes the links of
    earlier articles, whose documents are then to be told.
    """

    def link_printings(self, printings: Sequence[Printing]) -> Reprints:
        """Remember these in place of what the articles said before, and return their links; repeating it changes nothing."""
        ...

    def reprints(self, article_ids: Sequence[str]) -> Reprints:
        """Return the links of those of these articles that are remembered."""
        ...

    def untold_reprints(self, *, limit: int) -> Reprints:
        """Return up to ``limit`` links that changed after their article was given here, and were not told yet.

        A change can have more followers than are looked at in one call; they follow in the next ones.
        """
        ...

    def mark_told(self, links: Reprints) -> None:
        """Note that the documents say so; a link that changed meanwhile is still untold."""
        ...

    def count_forgettable(self, before: datetime) -> int:
        """Return how many texts ``forget_printings`` would forget, called until it has nothing left."""
        ...

    def forget_printings(self, before: datetime, *, limit: int) -> int:
        """Forget up to ``limit`` texts that were captured before then, and return how many; 0: there are none left.

        The original of a text that is remembered stays, however old. What documents say stays as it is.
        """
        ...
